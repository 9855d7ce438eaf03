"""Gateways on a carrier that is only a list of who listens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence, Set
from typing import Any

from chatcluster.core.envelope import Envelope, RoomKey
from chatcluster.core.errors import FanoutError
from chatcluster.core.request import Question, Reply, Request
from chatcluster.fanout import wire
from chatcluster.fanout.asking import Asking
from chatcluster.fanout.port import Receiver, State

BEAT = 0.05
ECHO = Request(Question.SERVER, "/", event="echo", args=("hello", b"\x00"), flags={"a": 1})


class Wire:
    """Brings every envelope to all, in one order; can be cut."""

    def __init__(self) -> None:
        self.ends: list[End] = []
        self.cut = False
        self.brought: list[Envelope] = []

    def bring(self, envelopes: Sequence[Envelope]) -> None:
        if self.cut:
            raise FanoutError("cut")
        envelopes = [wire.decode(wire.encode(one)) for one in envelopes]
        self.brought += envelopes
        for end in self.ends:
            asyncio.get_running_loop().call_soon(end.take, envelopes)


class End:
    mode = "wire"
    durable = False
    shared = True

    def __init__(self, carrier: Wire) -> None:
        self.carrier = carrier
        self.receiver: Receiver | None = None
        self.wanted: frozenset[RoomKey] = frozenset()
        self.deaf = False

    @property
    def state(self) -> State:
        return State.DOWN if self.carrier.cut else State.UP

    def take(self, envelopes: Sequence[Envelope]) -> None:
        mine = [one for one in envelopes if self.wanted.intersection(one.keys)]
        if mine and self.receiver is not None and not self.deaf:
            self.receiver.deliver(mine)

    async def open(self, receiver: Receiver) -> None:
        self.receiver = receiver
        self.carrier.ends.append(self)

    async def publish(self, envelopes: Sequence[Envelope]) -> None:
        if not self.deaf:
            self.carrier.bring(envelopes)

    async def want(self, rooms: Set[RoomKey]) -> None:
        self.wanted = frozenset(rooms)

    async def check(self) -> None:
        pass

    async def close(self) -> None:
        if self in self.carrier.ends:
            self.carrier.ends.remove(self)


class Gateway:
    """Answers every question with its name, unless told otherwise."""

    def __init__(self, carrier: Wire, name: str) -> None:
        self.name = name
        self.end = End(carrier)
        self.fanout = Asking(self.end, name, beat_seconds=BEAT)
        self.received: list[Envelope] = []
        self.questions: list[Request] = []
        self.interruptions = 0
        self.behave: Callable[[Callable[[Reply], None]], Any] = lambda reply: reply(
            Reply((self.name,))
        )

    def deliver(self, envelopes: Sequence[Envelope]) -> None:
        self.received += envelopes

    def interrupted(self) -> None:
        self.interruptions += 1

    def answer(self, request: Request, reply: Callable[[Reply], None]) -> None:
        self.questions.append(request)
        self.behave(reply)

    async def ask(self, request: Request = ECHO, timeout: float = 5.0) -> tuple[list[Any], int]:
        answers = await self.fanout.ask(request, timeout)
        values = [value async for reply in answers for value in reply.values]
        return values, answers.missing
