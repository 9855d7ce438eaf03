"""What arrives on two fan-outs while a gateway changes from one to the other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from structlog.stdlib import get_logger

from chatcluster.core.envelope import Envelope, RoomKey
from chatcluster.core.fence import Fence
from chatcluster.fanout.switching.carrier import Carrier

# For an origin's marks, from the first envelope that is held back for them.
PATIENCE_SECONDS = 5.0
LOOK_SECONDS = 0.1  # whether what is held back has waited long enough, or for nothing

_log = get_logger(__name__)


class Crossing:
    """Delivers what *old* and *new* bring so that each origin's order survives."""

    def __init__(
        self,
        old: Carrier,
        new: Carrier,
        origin: str,
        *,
        deliver: Callable[[Sequence[Envelope]], None],
        wanted: Callable[[RoomKey], bool],
    ) -> None:
        self._old = old
        self._new = new
        self._deliver = deliver
        self._timer: asyncio.TimerHandle | None = None
        self._lost = False
        self._fence = Fence(
            new.epoch,
            patience=PATIENCE_SECONDS,
            # What a fan-out does not share with others is heard by its own gateway alone.
            expects=lambda name: self._may_mark and (old.fanout.shared or name == origin),
            wanted=wanted,
        )

    @property
    def marked(self) -> frozenset[str]:
        return self._fence.marked

    @property
    def waits(self) -> bool:
        """Whether other gateways' marks may still come here."""
        return self._may_mark and self._old.fanout.shared

    @property
    def _may_mark(self) -> bool:
        return not self._lost and self._old.is_up

    @property
    def unsure(self) -> bool:
        """Whether something may have been missed meanwhile."""
        return not self._may_mark or not (self._old.fanout.shared and self._new.fanout.shared)

    def arrived(self, carrier: Carrier, envelopes: Sequence[Envelope]) -> None:
        if carrier is self._old:
            self._deliver(self._fence.old(envelopes))
            return
        self._deliver(self._fence.new(envelopes, asyncio.get_running_loop().time()))
        if self._fence.holds and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look)

    def interrupted(self, carrier: Carrier) -> None:
        if carrier is self._old and self._fence.begun:
            self._lose()

    def end(self) -> None:
        """Hold nothing any more."""
        if self._timer is not None:
            self._timer.cancel()
        self._deliver(self._fence.give_up())

    def _look(self) -> None:
        self._timer = None
        if not self._old.is_up:
            self._lose()
        elif late := self._fence.late(asyncio.get_running_loop().time()):
            _log.warning("marks_missing", envelopes=len(late), epoch=self._new.epoch)
            self._deliver(late)
        if self._fence.holds:
            self._timer = asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look)

    def _lose(self) -> None:
        """The old fan-out has been away from here: marks may have been sent meanwhile."""
        self._lost = True
        self._deliver(self._fence.give_up())
