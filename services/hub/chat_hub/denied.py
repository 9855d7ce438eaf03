"""Why another service's request was not carried out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chatcluster.core.errors import ChatClusterError


@dataclass(frozen=True, slots=True)
class Reason:
    """`name` is the error's code, `status` that of an answer by HTTP."""

    name: str
    status: int


INVALID = Reason("invalid", 400)
UNAUTHORIZED = Reason("unauthorized", 401)
OFF = Reason("off", 404)
METHOD = Reason("method", 405)
TOO_SLOW = Reason("too_slow", 408)
TOO_LARGE = Reason("too_large", 413)
KEY_REUSED = Reason("key_reused", 422)
INTERNAL = Reason("internal", 500)
TOO_MANY_GUESSES = Reason("too_many_guesses", 429)
UNAVAILABLE = Reason("unavailable", 503)


class Denied(ChatClusterError):  # noqa: N818 - the request is denied; this is not a failure of ours
    """*message* says what was wrong, for a person to read, and names the field."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message

    def as_reply(self) -> dict[str, Any]:
        return {"error": {"code": self.reason.name, "message": self.message}}
