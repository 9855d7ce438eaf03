"""`chatcluster switch`: changes the fan-out of a cluster while it runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from aiohttp import ClientSession

from chat_local.switch_place import Place, place
from chat_local.switch_target import command, described
from chat_local.switch_view import View, as_json, print_last, view
from chatcluster.control.gateway_admin import AccessError
from chatcluster.control.pursuit import Ended
from chatcluster.control.switching import Controller, Turn, UnreachableError
from chatcluster.core.switch import Target
from chatcluster.core.switch_plan import Phase
from chatcluster.runtime.lifecycle import INTERRUPTED, StartError, stop_signal

FAILED = 1


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be in force, of which gateways (none: of the cluster on this machine)."""

    target: Target
    timeout: float
    admins: Sequence[str] = ()
    as_json: bool = False


@dataclass(slots=True)
class _Course:
    """What has happened so far."""

    wish: Wish
    where: str  # `2 gateways`
    began: float = field(default_factory=time.monotonic)
    before: Target | None = None  # what was in force when it began
    turns: int = 0
    last: Turn | None = None

    def goes_on(self, turn: Turn) -> None:
        if self.before is None:
            self.before = (turn.plan.start.previous or turn.plan.start).target
        self.turns += 1
        self.last = turn

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began


async def change(wish: Wish) -> int:
    """Bring it in force, or leave all as it was: the exit code. Raises StartError."""
    with stop_signal() as stop:
        async with ClientSession() as session:
            where = place(session, wish.admins)
            course = _Course(wish, where.counted)
            with view(described(wish.target), as_json=wish.as_json) as shown:
                await _until(stop, _drive(wish, where, course, shown))
    return _end(course)


async def _until(stop: asyncio.Event, work: AsyncIterator[None]) -> None:
    """Follow *work* to its end, or until *stop*, then as if this process had been killed."""

    async def follow() -> None:
        async for _ in work:
            pass

    working, stopping = asyncio.create_task(follow()), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
    finally:
        working.cancel()
        stopping.cancel()
        await asyncio.gather(working, stopping, return_exceptions=True)


async def _drive(wish: Wish, where: Place, course: _Course, shown: View) -> AsyncIterator[None]:
    try:
        if started := await where.start_servers(wish.target):
            shown.say(started)
        course.began = time.monotonic()
        async for turn in Controller(where.gateways, where.store).drive(
            wish.target, timeout=wish.timeout
        ):
            course.goes_on(turn)
            shown.show(turn)
            yield
    except (AccessError, UnreachableError) as error:
        raise StartError(str(error)) from error


def _end(course: _Course) -> int:
    """Say how it ended: the exit code."""
    good = course.last is not None and course.last.ended is Ended.IN_FORCE
    if course.wish.as_json and course.last is not None:
        print(as_json(course.last, described(course.wish.target), course.seconds))
    else:
        print_last(last_sentence(course), good=good)
    if course.last is None or course.last.ended is None:
        return INTERRUPTED
    return 0 if good else FAILED


def last_sentence(course: _Course) -> str:
    """How it ended, and what can be done about it."""
    wanted, turn = described(course.wish.target), course.last
    if turn is None:
        return "Interrupted before anything was known or changed."
    if turn.ended is Ended.IN_FORCE:
        known = f"on {course.where}, epoch {turn.plan.epoch}"
        if course.turns == 1:
            return f"{wanted} is in force {known}, already."
        return f"{wanted} is in force {known}, in {course.seconds:.1f} s."
    if turn.ended is Ended.CALLED_OFF:
        kept = described(turn.plan.start.target)
        return f"Called off, nothing has changed and {kept} stays in force: {turn.reason}."
    if turn.ended is Ended.UNFINISHED:
        return (
            f"{wanted} is not in force everywhere after {course.seconds:.0f} s: {turn.reason}. "
            f"{_ways(course)}"
        )
    changed = "nothing has changed yet" if turn.plan.phase is Phase.PREPARING else "midway"
    return f"Interrupted, {changed}. {_ways(course)}"


def _ways(course: _Course) -> str:
    admins = course.wish.admins
    ways = f"`{command(course.wish.target, admins)}` goes on"
    if course.before is None or course.before == course.wish.target:
        return f"{ways}."
    return f"{ways}, `{command(course.before, admins)}` goes back."
