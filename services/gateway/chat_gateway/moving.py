"""Clients are sent to other gateways at an operator's word: all of them, or some."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from chat_gateway.health import Health, Phase
from chat_gateway.pace import Pace
from chat_gateway.sockets.engine import EngineServer
from chat_gateway.sockets.session import SERVER_DISCONNECT
from chatcluster.core.codes import DRAINING, REBALANCING, Code
from chatcluster.core.figures import Move
from chatcluster.runtime.logs import get_logger

STEP_SECONDS = 0.1

log = get_logger(__name__)


class NotNowError(Exception):
    """The gateway starts or stops, and nothing else may be wanted of it; says which."""


@dataclass(slots=True)
class _Course:
    """Of a move, as it stands."""

    pace: Pace
    clients: int  # that there were, or that are to go
    moved: int = 0

    def move(self, left: int) -> Move:
        return Move(self.clients, self.moved, left, self.pace.per_second)


class Moving:
    """What an operator wants of a gateway's clients, and how far that is.

    To want the same again changes nothing, another pace holds from then on. *settle* seconds lie
    between a drain's beginning, when readiness is withdrawn, and the first client that is moved.
    """

    def __init__(
        self,
        engine: EngineServer,
        health: Health,
        *,
        settle: float,
        clock: Callable[[], float],
    ) -> None:
        self._engine = engine
        self._health = health
        self._settle = settle
        self._clock = clock
        self._drain: _Course | None = None
        self._shed: _Course | None = None
        self._unready_at = 0.0  # when the drain began
        self._wanted = asyncio.Event()

    def drain(self, per_second: float) -> None:
        """Not ready, and all clients go, *per_second* of them. Raises NotNowError."""
        self._still_ours()
        now = self._clock()
        if self._drain is None:
            self._unready_at = now
            self._drain = _Course(Pace(per_second, now), len(self._engine.sockets))
            self._health.phase = Phase.SETTLING
            log.info("drain_wanted", connections=self._drain.clients, per_second=per_second)
        elif self._drain.pace.per_second != per_second:
            self._drain.pace = Pace(per_second, now)
        self._shed = None
        self._wanted.set()

    def stay(self) -> None:
        """No drain any more: newcomers are welcome. Raises NotNowError."""
        self._still_ours()
        if self._drain is not None:
            log.info("drain_called_off", moved=self._drain.moved)
            self._drain = None
            self._engine.entrance.gate.refusing = None
            self._health.phase = Phase.READY

    def shed(self, clients: int, per_second: float) -> None:
        """*clients* from now on go, in place of those that were to go before; the gateway takes
        newcomers all the while. Does nothing in a drain. Raises NotNowError.
        """
        self._still_ours()
        if self._drain is None:
            self._shed = _Course(Pace(per_second, self._clock()), clients)
            log.info("shed_wanted", clients=clients, per_second=per_second)
            self._wanted.set()

    async def leave(self) -> None:
        """The gateway stops: nothing more is done here. Returns when it has been unready for long
        enough that load balancers know.
        """
        unready_at = self._clock() if self._drain is None else self._unready_at
        self._drain = self._shed = None
        if self._health.phase is not Phase.DRAINING:
            self._health.phase = Phase.SETTLING
        wait = max(0.0, unready_at + self._settle - self._clock())
        log.info("settling", seconds=round(wait, 1))
        # Load balancers still send new clients for a moment after readiness is withdrawn.
        await asyncio.sleep(wait)
        self._begin_draining()

    @property
    def draining(self) -> Move | None:
        """Where the drain that was wanted stands; None where none was."""
        return None if self._drain is None else self._drain.move(len(self._engine.sockets))

    @property
    def shedding(self) -> Move | None:
        """Where the shed that was wanted stands; None where none is under way."""
        shed = self._shed
        return None if shed is None else shed.move(shed.clients - shed.moved)

    async def run(self) -> None:
        """Move clients for ever."""
        while True:
            self._step(self._clock())
            if self._drain is None and self._shed is None:
                self._wanted.clear()
                await self._wanted.wait()
            else:
                await asyncio.sleep(STEP_SECONDS)

    def _begin_draining(self) -> None:
        if self._health.phase is not Phase.DRAINING:
            self._health.phase = Phase.DRAINING
            self._health.leaving = len(self._engine.sockets)

    def _still_ours(self) -> None:
        if self._drain is None and self._health.phase is not Phase.READY:
            raise NotNowError(f"this gateway is {self._health.phase}")

    def _step(self, now: float) -> None:
        if (drain := self._drain) is not None:
            if now < self._unready_at + self._settle:
                drain.pace = Pace(drain.pace.per_second, now)
                return
            self._engine.entrance.gate.refusing = DRAINING
            self._begin_draining()
            drain.moved += self._close(drain.pace.allowed(now), DRAINING)
        elif (shed := self._shed) is not None:
            left = min(shed.clients - shed.moved, len(self._engine.sockets))
            shed.moved += self._close(min(shed.pace.allowed(now), left), REBALANCING)
            if shed.moved >= shed.clients or not self._engine.sockets:
                log.info("shed", clients=shed.moved)
                self._shed = None

    def _close(self, count: int, code: Code) -> int:
        """Those who are here longest: one that comes back at once is not moved again. How many."""
        sessions = list(self._engine.sockets.values())[:count]
        for session in sessions:
            session.close(SERVER_DISCONNECT, code)
        return len(sessions)
