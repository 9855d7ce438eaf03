"""What was done to moderate the chat, for those who look at it later."""

from __future__ import annotations

import enum
import json
from dataclasses import asdict, dataclass

import msgspec

from chatcluster.core.errors import MalformedError


class Measure(enum.StrEnum):
    KICK = "kick"
    BAN = "ban"
    UNBAN = "unban"
    MUTE = "mute"
    UNMUTE = "unmute"
    CLOSE = "close"
    OPEN = "open"
    DELETE = "delete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """`by` whom, at which gateway, and to whom: a user, an address, or a member of a room by its
    id there. `room`: None is everywhere, "" the lobby. `message` is the id of a deleted one, `nick`
    who had written it. Times in seconds since 1970.
    """

    measure: Measure
    time: float
    by: str
    gateway: str
    user: str = ""
    address: str = ""
    member: str = ""
    room: str | None = None
    until: float | None = None
    reason: str = ""
    message: str = ""
    nick: str = ""

    def told(self) -> dict[str, object]:
        """What there is to tell of it."""
        shown = {name: value for name, value in asdict(self).items() if value not in ("", None)}
        return {**shown, "room": self.room}

    def encode(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @classmethod
    def decode(cls, text: bytes) -> Deed:
        """The inverse; fields that are not known here are left out. Raises MalformedError."""
        try:
            return msgspec.convert(json.loads(text), cls)
        except (ValueError, msgspec.ValidationError) as error:
            raise MalformedError(f"not a deed: {error}") from error
