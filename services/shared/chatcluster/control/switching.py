"""Changes the fan-out of all gateways to the one that is wanted.

Each turn begins with what the gateways say now, so a controller that is killed and started again
goes on, and several at once do no harm.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from chatcluster.control.gateway_admin import AccessError, GatewayAdmin, NoAnswerError
from chatcluster.control.pursuit import Ended, Pursuit, ended
from chatcluster.core.errors import ChatClusterError
from chatcluster.core.switch import Switch, Target
from chatcluster.core.switch_plan import Plan, Report

TURN_SECONDS = 0.1
PATIENCE_SECONDS = 5.0  # in which a gateway that is being restarted answers again
# After the time to prepare, for what was committed to come to its end.
FORWARD_SECONDS = 15.0

T = TypeVar("T")
Store = Callable[[Switch], Awaitable[None]]


class UnreachableError(ChatClusterError):
    """No gateway answers, so nothing is known; says why."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What was seen and done: `reports` are of after the orders.

    By gateway: `silent`, why there is no report of it; `refused`, why it did not note its order.
    """

    plan: Plan
    reports: Mapping[str, Report]
    silent: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    ended: Ended | None = None

    @property
    def reason(self) -> str:
        """Why it waits or ended as it did, for people."""
        reason = self.plan.reason
        if self.silent and "does not answer" in reason:
            reason += f" ({', '.join(sorted(set(self.silent.values())))})"
        refusals = [f"{name}: {why}" for name, why in sorted(self.refused.items())]
        return "; ".join([reason, *refusals] if reason else refusals)


@dataclass(frozen=True, slots=True)
class Controller:
    """Of *gateways* (and whatever else publishes), by name.

    *store* is given the state in which gateways that start now are to begin, and returns when such
    gateways find it. One that does not answer is asked again for *patience* seconds.
    """

    gateways: Mapping[str, GatewayAdmin]
    store: Store
    patience: float = PATIENCE_SECONDS

    async def drive(self, wanted: Target, *, timeout: float) -> AsyncIterator[Turn]:
        """All turns until one has `ended`. What is not ready within *timeout* seconds is called
        off. Raises UnreachableError, and AccessError when a gateway does not take the token.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        pursuit = Pursuit(wanted)
        while True:
            late = f"not ready within {timeout:g} s" if loop.time() >= deadline else ""
            overdue = loop.time() >= deadline + FORWARD_SECONDS
            turn = await self.turn(pursuit, late=late, overdue=overdue)
            yield turn
            if turn.ended is not None:
                return
            await asyncio.sleep(TURN_SECONDS)

    async def turn(self, pursuit: Pursuit, *, late: str = "", overdue: bool = False) -> Turn:
        """Ask all, decide, give the orders. Raises as `drive` does."""
        reports, silent = await self._look()
        try:
            planned = pursuit.plan({**dict.fromkeys(silent), **reports}, late=late)
        except ValueError as error:
            raise UnreachableError(
                "; ".join(f"{name}: {why}" for name, why in silent.items())
            ) from error
        await self.store(planned.start)
        told = await _all(
            {name: self.gateways[name].order(order) for name, order in planned.orders.items()}
        )
        after = reports | {name: one.report for name, one in told.items() if one.report}
        refused = {name: one.error for name, one in told.items() if one.error}
        return Turn(planned, after, silent, refused, ended(planned, after, overdue=overdue))

    async def _look(self) -> tuple[dict[str, Report], dict[str, str]]:
        """The reports, and why there are none."""
        answers = await _all(
            {name: _report_or_why(one, self.patience) for name, one in self.gateways.items()}
        )
        reports = {name: one for name, one in answers.items() if isinstance(one, Report)}
        silent = {name: one for name, one in answers.items() if isinstance(one, str)}
        return reports, silent


async def _report_or_why(gateway: GatewayAdmin, patience: float) -> Report | str:
    try:
        return await gateway.report(patience=patience)
    except NoAnswerError as error:
        return str(error)


async def _all(asked: Mapping[str, Coroutine[Any, Any, T]]) -> dict[str, T]:
    """All results by name. Raises AccessError with the name, once all have come."""
    results = await asyncio.gather(*asked.values(), return_exceptions=True)
    answers: dict[str, T] = {}
    for name, result in zip(asked, results, strict=True):
        if isinstance(result, AccessError):
            raise AccessError(f"{name}: {result}") from result
        if isinstance(result, BaseException):
            raise result
        answers[name] = result
    return answers
