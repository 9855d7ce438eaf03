"""Tells clients who is in their rooms, and other gateways who is in them here."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from chatcluster.core.envelope import Envelope
from chatcluster.core.errors import FanoutError
from chatcluster.core.people import Change, Person, Signal
from chatcluster.core.roster import Roster
from chatcluster.runtime.logs import get_logger

GATHER_SECONDS = 0.05  # comings and goings are told together
ANSWER_SECONDS = 0.05  # for the other gateways' answers, after the question came back to us
QUESTION_SECONDS = 0.25  # for the question to come back
EVENT = "presence"
SHOWN = 200  # people of a room that are named; the others are counted

log = get_logger(__name__)

Send = Callable[[Signal], Awaitable[None]]
Tell = Callable[[str, dict[str, Any]], None]


class Presence:
    """*send* publishes a signal and raises FanoutError; *tell* hands an event to a room's clients
    here.

    A gateway that dies gives no more signs of life: three of them missed, its people are gone from
    every room. While *alone* says so, this gateway does not meet the others, whatever it still
    hears of them.
    """

    def __init__(
        self,
        origin: str,
        beat_seconds: float,
        *,
        send: Send,
        tell: Tell,
        alone: Callable[[], bool],
    ) -> None:
        self._roster = Roster(origin, beat_seconds)
        self._origin = origin
        self._beat_seconds = beat_seconds
        self._send = send
        self._tell = tell
        self._alone = alone
        self._dirty = asyncio.Event()
        self._outbox: asyncio.Queue[Signal] = asyncio.Queue()
        self._asked: dict[str, asyncio.Event] = {}

    async def came(self, room: str, person: Person) -> None:
        """Return when the room's people, on other gateways too, are known (as far as they answer at
        once).
        """
        question = self._roster.came(room, person)
        self._dirty.set()
        if question is not None and not self._alone():
            await self._ask(room, question)

    def left(self, room: str, id: str) -> None:
        self._roster.left(room, id)
        self._dirty.set()

    def describe(self, room: str) -> dict[str, Any]:
        """`count` and at most SHOWN `members`, for an acknowledgement."""
        people = list(self._roster.people(room))
        return {"count": len(people), "members": [_shown(one) for one in people[:SHOWN]]}

    def hear(self, envelope: Envelope) -> None:
        """A signal came, perhaps one of our own."""
        try:
            kind, body = envelope.args
            if envelope.origin == self._origin:
                self._came_back(kind, body)
                return
            if self._alone():
                return
            answers = self._roster.hear(envelope.origin, kind, body, time.monotonic())
        except (LookupError, TypeError, ValueError) as error:
            log.warning("signal_malformed", origin=envelope.origin, error=str(error))
            return
        for answer in answers:
            self._outbox.put_nowait(answer)
        self._dirty.set()

    def interrupted(self) -> None:
        """Signals may have been missed, or the gateways meet, or do not meet any more."""
        if self._alone():
            self._roster.part()
            self._dirty.set()
            return
        for signal in self._roster.interrupted():
            self._outbox.put_nowait(signal)

    async def run(self) -> None:
        """Tell of changes, for ever."""
        while True:
            await self._dirty.wait()
            await asyncio.sleep(GATHER_SECONDS)
            self._dirty.clear()
            for signal in self._roster.tell():
                self._outbox.put_nowait(signal)
            for room, change in self._roster.take_changes().items():
                self._tell(room, _event(room, change, self._roster.count(room)))

    async def talk(self) -> None:
        """Publish signals one after another, for ever: they are numbered, so none may overtake
        another.
        """
        while True:
            signal = await self._outbox.get()
            try:
                await self._send(signal)
            except FanoutError as error:
                # Whoever misses it notices by its number and asks.
                log.debug("signal_not_sent", kind=signal.kind, error=str(error))

    async def beat(self) -> None:
        """Give signs of life, and miss those of others, for ever."""
        while True:
            self._outbox.put_nowait(self._roster.beat(time.monotonic()))
            self._dirty.set()
            await asyncio.sleep(self._beat_seconds)

    async def bye(self) -> None:
        """This gateway is going: nobody need wait for its signs of life."""
        try:
            await self._send(Signal(None, "bye", {}))
        except FanoutError as error:
            log.info("bye_not_sent", error=str(error))

    async def _ask(self, room: str, question: Signal) -> None:
        back = self._asked.setdefault(room, asyncio.Event())
        self._outbox.put_nowait(question)
        try:
            async with asyncio.timeout(QUESTION_SECONDS):
                await back.wait()
        except TimeoutError:
            return
        finally:
            self._asked.pop(room, None)
        await asyncio.sleep(ANSWER_SECONDS)

    def _came_back(self, kind: str, body: dict[str, Any]) -> None:
        if kind == "ask":
            for room in body["rooms"]:
                if (waiting := self._asked.get(room)) is not None:
                    waiting.set()


def _event(room: str, change: Change, count: int) -> dict[str, Any]:
    event: dict[str, Any] = {
        "count": count,
        "joined": _all_shown(change.joined.values()),
        "left": sorted(change.left),
    }
    return {"room": room, **event} if room else event


def _all_shown(people: Iterable[Person]) -> list[dict[str, str]]:
    return [_shown(one) for one in people]


def _shown(person: Person) -> dict[str, str]:
    return {"id": person.id, "nickname": person.nickname, "dyno": person.dyno}
