"""Carries out what was ordered of one gateway's fan-out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress

from structlog.stdlib import get_logger

from chatcluster.core.errors import FanoutError
from chatcluster.core.fence import marks, without_marks
from chatcluster.core.switch import Next, Order, Previous, Switch, Target
from chatcluster.fanout.port import Fanout
from chatcluster.fanout.switching.carrier import Carrier
from chatcluster.fanout.switching.lanes import Lanes

OPEN_SECONDS = 10.0  # for a fan-out to open and to work
RETRY_SECONDS = 0.5  # between two attempts to open it, and between two looks whether it still works
QUIET_SECONDS = 1.0  # for publishes that are under way when the old fan-out is left
MARK_SECONDS = 1.0  # for the old fan-out to take the marks

Make = Callable[[Target], Fanout]

_log = get_logger(__name__)


class Changer:
    """Brings *lanes* in line with `switch`. *make* raises ValueError for what cannot be."""

    def __init__(
        self, lanes: Lanes, make: Make, switch: Switch, origin: str, numbers: Iterator[int]
    ) -> None:
        self.switch = switch
        self.committed = 0.0  # on the loop's clock
        self._lanes = lanes
        self._make = make
        self._origin = origin
        self._numbers = numbers
        self._ordered = asyncio.Event()

    def order(self, order: Order) -> None:
        """Raises StaleError."""
        self.switch = self.switch.ordered(order)
        self._ordered.set()

    async def listen_to(self, previous: Previous) -> None:
        """A gateway that starts during a change hears those who still publish on the old one."""
        try:
            old = Carrier(previous.epoch, previous.target, self._make(previous.target))
        except ValueError as error:
            _log.warning("previous_not_opened", target=str(previous.target), error=str(error))
            return
        self._lanes.beside = old
        if reason := await self._opened(old):
            # It may be why the change was begun.
            _log.warning("previous_not_opened", target=str(previous.target), error=reason)
            await self._lanes.drop()
            return
        # Others wait for it, as they do for the marks of those who did publish on the old one.
        await self._mark(old, self.switch.epoch)

    async def keep(self) -> None:
        """Carry out what is ordered, for ever."""
        self._ordered.set()
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(RETRY_SECONDS if self.switch.next else None):
                    await self._ordered.wait()
            self._ordered.clear()
            try:
                await self._carry_out()
            except Exception:  # a defect; what is in force goes on, and this is tried again
                _log.exception("change_of_fanout_failed")
                await asyncio.sleep(RETRY_SECONDS)
                self._ordered.set()

    async def _carry_out(self) -> None:
        await self._let_go()
        if (coming := self.switch.next) is None:
            return
        if self._lanes.beside is None:
            await self._prepare(coming)
        elif not self.switch.due:
            await self._look_after(self._lanes.beside)
        if self.switch.due and (new := self._lanes.beside) is not None:
            await self._commit(new)
            await self._let_go()

    async def _let_go(self) -> None:
        """Close what is neither next nor previous any more."""
        beside, crossing, switch = self._lanes.beside, self._lanes.crossing, self.switch
        kept = [(one.epoch, one.target) for one in (switch.next, switch.previous) if one]
        if beside is None or (beside.epoch, beside.target) in kept:
            return
        unsure = beside.epoch < switch.epoch and (crossing is None or crossing.unsure)
        await self._lanes.drop()
        _log.info("fanout_closed", target=str(beside.target), epoch=beside.epoch)
        if unsure:
            self._lanes.interrupted()

    async def _prepare(self, coming: Next) -> None:
        try:
            beside = Carrier(coming.epoch, coming.target, self._make(coming.target))
        except ValueError as error:
            self.switch = self.switch.failed(coming.epoch, coming.target, str(error))
            return
        self._lanes.beside = beside
        self._lanes.cross(old=self._lanes.current, new=beside)
        if reason := await self._opened(beside):
            _log.warning("fanout_not_prepared", target=str(coming.target), error=reason)
            self.switch = self.switch.failed(coming.epoch, coming.target, reason)
            await self._lanes.drop()  # the next attempt is made with a new one
        else:
            _log.info("fanout_prepared", target=str(coming.target), epoch=coming.epoch)
            self.switch = self.switch.opened(coming.epoch, coming.target)

    async def _opened(self, carrier: Carrier) -> str:
        """Why *carrier* does not work; "" when it does."""
        try:
            async with asyncio.timeout(OPEN_SECONDS):
                await self._lanes.open(carrier)
                await carrier.fanout.check()
        except (FanoutError, TimeoutError) as error:
            return str(error) or f"no answer within {OPEN_SECONDS:g} s"
        return ""

    async def _look_after(self, carrier: Carrier) -> None:
        """What was found to work may cease to, and come back, before it is committed."""
        try:
            await self._lanes.want_on(carrier)
            await carrier.fanout.check()
        except FanoutError as error:
            self.switch = self.switch.failed(carrier.epoch, carrier.target, str(error))
        else:
            self.switch = self.switch.opened(carrier.epoch, carrier.target)

    async def _commit(self, new: Carrier) -> None:
        lanes = self._lanes
        old = lanes.current
        async with lanes.quiet(QUIET_SECONDS if old.is_up else 0.0):
            marked = await self._mark(old, new.epoch)
            self.switch = self.switch.committed()
            lanes.current, lanes.beside = new, old
            self.committed = asyncio.get_running_loop().time()
            if not marked:
                with suppress(FanoutError):  # then the others' patience has to end
                    await new.publish([without_marks(self._origin, new.epoch, self._numbers)])
        _log.info("fanout_committed", target=str(new.target), epoch=new.epoch, marked=marked)
        if old.fanout.shared != new.fanout.shared or not marked:
            lanes.interrupted()

    async def _mark(self, old: Carrier, epoch: int) -> bool:
        """Whether *old* took the marks."""
        if not old.is_up:
            return False
        rooms = self._lanes.lately.rooms(asyncio.get_running_loop().time())
        try:
            async with asyncio.timeout(MARK_SECONDS):
                await old.publish(marks(self._origin, epoch, rooms, self._numbers))
        except (FanoutError, TimeoutError) as error:
            _log.warning("marks_not_taken", target=str(old.target), error=str(error))
            return False
        return True
