"""Whether clients should be sent to this gateway."""

from __future__ import annotations

import asyncio
import enum

from chatcluster.core.errors import FanoutError, HistoryError
from chatcluster.fanout.port import Fanout, State
from chatcluster.history.port import RoomLog
from chatcluster.runtime.logs import get_logger

CHECK_SECONDS = 3.0
RECHECK_SECONDS = 0.5  # while something is wrong: clients should not wait for us longer than needed

log = get_logger(__name__)


class Phase(enum.StrEnum):
    """A gateway's life."""

    STARTING = "starting"
    READY = "ready"
    SETTLING = "settling"  # not ready any more, but load balancers may not know yet
    DRAINING = "draining"  # closing its clients' connections


class Health:
    """Looks again and again whether the fan-out and the room log really work, from end to end."""

    def __init__(self, fanout: Fanout, room_log: RoomLog | None) -> None:
        self.phase = Phase.STARTING
        self.history_ok = True
        self.leaving = 0  # connections when the drain began
        self._fanout = fanout
        self._log = room_log
        self._deaf = ""  # why the round trip through the carrier failed
        self._forgetful = ""

    def drained(self, connections: int) -> float:
        """How much of the drain is done, from 0 to 1; *connections* are left."""
        if self.phase is not Phase.DRAINING or not self.leaving:
            return float(self.phase is Phase.DRAINING)
        return max(0.0, 1 - connections / self.leaving)

    def reasons(self) -> list[str]:
        """Why no clients should be sent here; none if they should."""
        reasons = [] if self.phase is Phase.READY else [f"this gateway is {self.phase}"]
        if self._deaf or self._fanout.state is not State.UP:
            reasons.append(f"fan-out: {self._deaf or self._fanout.state}")
        if self._forgetful:
            reasons.append(f"history: {self._forgetful}")
        return reasons

    async def watch(self) -> None:
        """Check for ever."""
        while True:
            self._deaf = await self._failure_of_fanout()
            self._forgetful = await self._failure_of_log()
            self.history_ok = not self._forgetful
            failing = self._deaf or self._forgetful
            await asyncio.sleep(RECHECK_SECONDS if failing else CHECK_SECONDS)

    async def _failure_of_fanout(self) -> str:
        try:
            await self._fanout.check()
        except FanoutError as error:
            if not self._deaf:
                log.warning("fanout_check_failed", error=str(error))
            return str(error)
        return ""

    async def _failure_of_log(self) -> str:
        if self._log is None:
            return ""
        try:
            await self._log.check()
        except HistoryError as error:
            if not self._forgetful:
                log.warning("history_check_failed", error=str(error))
            return str(error)
        return ""
