"""What a session has around it."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from chat_gateway.sockets.counts import Counts
from chat_gateway.sockets.packets import Outgoing
from chat_gateway.sockets.wheel import Wheel
from chatcluster.core.codes import Code

if TYPE_CHECKING:
    from chat_gateway.sockets.session import Session


class Link(Protocol):
    """The transport under a session: a WebSocket or a polling client."""

    name: str

    def send(self, outgoing: Sequence[Outgoing]) -> bool:
        """Send, or keep until it can be sent; False if the client has left too much unread."""

    @property
    def pending(self) -> int:
        """Bytes that wait to be sent."""

    def close(self, code: Code | None) -> None:
        """End it: with *code* where the transport can say one."""


class Room(Protocol):
    """Where a session is with others; what is for all of them may wait there for a moment."""

    waiting: list[Outgoing]
    wide: bool

    def overtake(self, session: Any) -> None:
        """Write to *session* what waits for it: it is about to be sent something else."""

    def flush(self) -> None:
        """Write to all of them what waits."""

    def follow(self, session: Any) -> None:
        """Its `write` has changed."""

    def mark(self, session: Any) -> None: ...
    def unmark(self, session: Any) -> None: ...


class Receiver(Protocol):
    """Who is told of sessions, and gets their messages."""

    def opened(self, session: Session) -> None: ...
    def message(
        self, session: Session, data: bytes, *, binary: bool
    ) -> Coroutine[Any, Any, None] | None:
        """Handle a message: at once (None), or when what is returned is awaited. Raises
        MalformedError.
        """

    async def closed(self, session: Session, reason: str) -> None: ...


class Engine(Protocol):
    """What a session needs from the server that made it."""

    pings: Wheel[Session]
    timeouts: Wheel[Session]
    counts: Counts
    receiver: Receiver

    async def on_closed(self, session: Session, reason: str) -> None: ...
    def handle(self, work: Coroutine[Any, Any, None]) -> None:
        """Run the handling of a message that takes time."""

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run what a disconnect leads to."""
