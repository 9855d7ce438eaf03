"""What the fan-out contract suite needs of a mode, and the gateway that it tests with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, cast

from chatcluster.core.envelope import Action, Envelope, RoomKey
from chatcluster.core.request import Reply, Request
from chatcluster.fanout import port
from chatcluster.fanout.asking.carrying import Carrying
from chatcluster.fanout.port import Fanout

PATIENCE = 5.0  # seconds that a test waits for something that should come at once

Answers = Callable[[Request, Callable[[Reply], None]], None]


class Harness(Protocol):
    """A mode on its real carrier. Made with an empty folder for the carrier's files.

    `shared` and `durable` are what the mode says of itself: what is declared here is what it is
    tested for, and what the table of promises shows.
    """

    shared: bool  # False: gateways do not meet, and there is no carrier to break
    durable: bool  # the carrier loses nothing that it has taken, though it be killed

    def __init__(self, folder: Path) -> None: ...

    async def start(self) -> None:
        """Start the carrier; return when it answers."""

    async def stop(self) -> None:
        """End the carrier in whatever state it is."""

    def fanout(self) -> Fanout:
        """Another gateway's fan-out on this carrier, not open yet."""

    def recipe(self) -> Callable[[], Fanout]:
        """What makes another gateway's fan-out, in this process or, pickled, in another."""

    async def kill(self) -> None:
        """The carrier is gone at once, without goodbye."""

    async def restart(self) -> None:
        """After `kill`: the carrier is back at the same address; return when it answers."""

    async def pause(self) -> None:
        """The carrier keeps its connections and does nothing."""

    async def resume(self) -> None:
        """After `pause`: it goes on."""


class Gateway:
    """A fan-out's user: numbers its envelopes, and keeps what arrives; it asks if that can."""

    def __init__(self, fanout: Carrying, origin: str, namespace: str = "/") -> None:
        self.fanout = fanout
        self.origin = origin
        self.namespace = namespace
        self.received: list[Envelope] = []
        self.batches = 0
        self.interruptions = 0
        self.questions: list[Request] = []
        self.answers: Answers = lambda request, reply: reply(Reply((origin,)))
        self._sequence = 0
        self._changed = asyncio.Event()

    def deliver(self, envelopes: Sequence[Envelope]) -> None:
        self.received.extend(envelopes)
        self.batches += 1
        self._changed.set()

    def interrupted(self) -> None:
        self.interruptions += 1
        self._changed.set()

    def answer(self, request: Request, reply: Callable[[Reply], None]) -> None:
        self.questions.append(request)
        self._changed.set()
        self.answers(request, reply)

    async def ask(self, request: Request, timeout: float = PATIENCE) -> tuple[list[Any], int]:
        """All values that were answered, and how many gateways did not complete."""
        answers = await self.begin_asking(request, timeout)
        return [value async for reply in answers for value in reply.values], answers.missing

    async def begin_asking(self, request: Request, timeout: float = PATIENCE) -> port.Answers:
        return await cast(Fanout, self.fanout).ask(request, timeout)

    async def open(self, *rooms: str) -> Gateway:
        await self.fanout.open(self)
        await self.want(*rooms)
        return self

    async def want(self, *rooms: str) -> None:
        await self.fanout.want({RoomKey(self.namespace, room) for room in rooms})

    def envelope(self, *args: Any, **fields: Any) -> Envelope:
        """The next envelope of this origin: by default an emit of the event "e" to the room "a"."""
        self._sequence += 1
        defaults = {"action": Action.EMIT, "rooms": ("a",), "namespace": self.namespace}
        if fields.get("action", Action.EMIT) is Action.EMIT:
            defaults["event"] = "e"
        return Envelope(
            origin=self.origin, sequence=self._sequence, args=args, **{**defaults, **fields}
        )

    async def say(self, *args: Any, **fields: Any) -> Envelope:
        envelope = self.envelope(*args, **fields)
        await self.fanout.publish([envelope])
        return envelope

    @property
    def args(self) -> list[Any]:
        """The first argument of each envelope that arrived."""
        return [envelope.args[0] for envelope in self.received]

    async def until(self, condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
        """Return when *condition* holds; looks again whenever something arrives."""
        async with asyncio.timeout(seconds):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def got(self, count: int) -> list[Envelope]:
        """Return everything that arrived once it is *count* envelopes or more."""
        await self.until(lambda: len(self.received) >= count)
        return self.received

    async def interrupted_times(self, count: int) -> None:
        """Return once the fan-out has said *count* times, and not more, that it was interrupted."""
        await self.until(lambda: self.interruptions >= count)
        assert self.interruptions == count
