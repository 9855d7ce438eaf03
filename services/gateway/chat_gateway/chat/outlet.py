"""Where a room's messages go out to its clients, late ones to those who have not had them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from chat_gateway.chat.domain import Message
from chatcluster.core.feed import Feed
from chatcluster.core.position import Position

# (room, position, message, socket ids of those who have had it)
Out = Callable[[str, Position, Message, tuple[str, ...]], None]


class Outlet:
    """Knows who has had what while something is skipped: of those alone who came meanwhile, since
    to all others whatever was skipped is new.
    """

    def __init__(self, out: Out) -> None:
        self._out = out
        # By room and socket id: up to where a client has its messages by other ways than events.
        self._cuts: dict[str, dict[str, Position]] = {}

    def give(self, room: str, ready: Iterable[tuple[Position, Message]]) -> None:
        """Messages that are newer than all given before."""
        for at, message in ready:
            self._out(room, at, message, ())

    def give_late(self, room: str, feed: Feed[Message], at: Position, message: Message) -> None:
        """A message that was skipped."""
        feed.skipped.discard(at)
        had = [
            sid
            for sid, cut in self._cuts.get(room, {}).items()
            if cut.epoch == at.epoch and cut.offset >= at.offset
        ]
        self._out(room, at, message, tuple(had))

    def entered(self, room: str, sid: str, at: Position) -> None:
        """That client has what is up to *at*."""
        self._cuts.setdefault(room, {})[sid] = at

    def left(self, room: str, sid: str) -> None:
        cuts = self._cuts.get(room, {})
        if cuts.pop(sid, None) is not None and not cuts:
            del self._cuts[room]

    def settled(self, room: str) -> None:
        """Nothing is skipped there any more."""
        self._cuts.pop(room, None)
