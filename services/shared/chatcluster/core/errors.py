"""What can go wrong, as one tree.

ChatClusterError
├── Refused            a client asked for something that it does not get: becomes `{error: {code,
message}}`
├── FanoutError        the carrier did not take or bring an envelope
├── HistoryError       the room log did not store or read
└── MalformedError     bytes or text from outside that do not follow their format
"""

from __future__ import annotations

from chatcluster.core.codes import Code


class ChatClusterError(Exception):
    """Anything that this project raises on purpose."""


class Refused(ChatClusterError):  # noqa: N818 - a client is refused; this is not a failure of ours
    """A request that is not carried out; *message* names what was wrong, for a person to read."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def as_reply(self) -> dict[str, dict[str, str]]:
        """The shape of every error that a client sees in an acknowledgement."""
        return {"error": {"code": self.code.name, "message": self.message}}


class FanoutError(ChatClusterError):
    """The fan-out's carrier is unreachable or refused; the cause says why."""


class HistoryError(ChatClusterError):
    """The room log is unreachable or refused; the cause says why."""


class MalformedError(ChatClusterError):
    """Input from outside that does not follow its format."""
