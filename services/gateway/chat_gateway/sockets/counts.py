"""What a gateway's sockets count, as plain numbers that are read when somebody asks for them."""

from __future__ import annotations

from chatcluster.core import codes
from chatcluster.core.counting import Tally

ENDS = (  # why a session ends for which there is no code, as handlers of `disconnect` are told
    "transport close",
    "transport error",
    "client disconnect",
    "server disconnect",
    "ping timeout",
)


class Counts:
    """All since the start. Bytes are those of frames and polling bodies, without TLS and HTTP."""

    __slots__ = ("closed", "dropped", "events", "received", "refused", "sent")

    def __init__(self) -> None:
        names = [code.name for code in codes.ALL]
        self.received = 0  # bytes
        self.sent = 0  # bytes
        self.dropped = 0  # volatile events that clients who lagged behind were not sent
        self.closed = Tally([*ENDS, *names])  # sessions, by why they ended
        self.refused = Tally(names)  # events and connects, by code
        self.events = Tally(())  # of clients, by name: those that the chat has
