"""How far a gateway has delivered one room's log to the clients it holds."""

from __future__ import annotations

from dataclasses import dataclass

from chatcluster.core.position import Position


@dataclass(frozen=True, slots=True)
class Deliver:
    """The next one: deliver it now."""


@dataclass(frozen=True, slots=True)
class Ignore:
    """Delivered before."""


@dataclass(frozen=True, slots=True)
class Replay:
    """Something between `after` and this one did not arrive: read the log from `after` on first."""

    after: Position


class RoomCursor:
    """Turns a carrier that may lose, repeat and reorder into each message once and in order.

    `accept` decides about one message that the carrier brought. One of an epoch that was left is
    ignored. One of an unknown epoch may be of a new log or be a straggler of an old one: only the
    log can tell, so it is asked.
    """

    __slots__ = ("_left", "position")

    def __init__(self, position: Position) -> None:
        self.position = position
        self._left: dict[str, Position] = {}  # by epoch: how far it was delivered

    def accept(self, at: Position) -> Deliver | Ignore | Replay:
        if at.epoch in self._left:
            return Ignore()
        if at.epoch != self.position.epoch:
            return Replay(after=self.position)
        if at.offset <= self.position.offset:
            return Ignore()
        if at.offset > self.position.offset + 1:
            return Replay(after=self.position)
        self.position = at
        return Deliver()

    def skip_to(self, at: Position) -> None:
        """Go on from *at* although what lies before it was not delivered here: the log no longer
        has it.
        """
        self.restart(at.epoch)
        if at.offset > self.position.offset:
            self.position = at

    def restart(self, epoch: str) -> None:
        """The log is one named *epoch* now: a new one is delivered from its beginning, and one that
        came back (a store that was restored) from where it was left.
        """
        if epoch != self.position.epoch:
            self._left[self.position.epoch] = self.position
            self.position = self._left.pop(epoch, Position(epoch, 0))
