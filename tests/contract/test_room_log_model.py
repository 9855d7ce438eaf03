"""Every room log against the simplest one that can be thought of: a list."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatcluster.core.position import Position
from chatcluster.history.port import Retention, RoomLog
from tests.contract.logs import fresh_prefix, new_log, opened

ROOMS = st.sampled_from(["tea", "coffee"])
LIMITS = st.integers(0, 12)
# Positions are counted back from the head, in the current epoch, the one before a drop, or none.
BACK = st.integers(-2, 12)
EPOCHS = st.sampled_from(["current", "current", "current", "former", "unknown"])
STEPS = st.one_of(
    st.tuples(st.just("append"), ROOMS, st.binary(max_size=20)),
    st.tuples(st.just("append"), ROOMS, st.binary(max_size=20)),
    st.tuples(st.just("repeat"), ROOMS, st.sampled_from(["k1", "k2", "k3"])),
    st.tuples(st.just("since"), ROOMS, EPOCHS, BACK, LIMITS),
    st.tuples(st.just("before"), ROOMS, EPOCHS, BACK, LIMITS),
    st.tuples(st.just("newest"), ROOMS, LIMITS),
    st.tuples(st.just("redact"), ROOMS, EPOCHS, BACK, st.binary(max_size=5)),
    st.tuples(st.just("heads")),
    st.tuples(st.just("drop"), ROOMS),
)
LENGTH = 5


@dataclass
class Model:
    """One room: all bodies that it ever had."""

    bodies: list[bytes] = field(default_factory=list)
    keys: dict[str, int] = field(default_factory=dict)
    epoch: str = ""
    former: str = "never"

    def append(self, body: bytes, key: str | None = None) -> tuple[int, bool]:
        if key in self.keys:
            return self.keys[key], True
        self.bodies.append(body)
        if key is not None:
            self.keys[key] = len(self.bodies)
        return len(self.bodies), False

    def numbered(self) -> list[tuple[int, bytes]]:
        return list(enumerate(self.bodies, 1))[-LENGTH:]

    def since(self, epoch: str, offset: int, limit: int) -> tuple[list[tuple[int, bytes]], bool]:
        kept = self.numbered()
        reached = epoch == "current" and 0 <= offset <= len(self.bodies)
        if reached and all(offset + 1 >= kept[0][0] for _ in kept[:1]):
            return [entry for entry in kept if entry[0] > offset][:limit], True
        return kept[max(0, len(kept) - limit) :], False

    def before(self, epoch: str, offset: int, limit: int) -> tuple[list[tuple[int, bytes]], bool]:
        older = [entry for entry in self.numbered() if entry[0] < offset and epoch == "current"]
        return older[max(0, len(older) - limit) :], len(older) <= limit

    def redact(self, epoch: str, offset: int, body: bytes) -> bool:
        if epoch != "current" or offset not in dict(self.numbered()):
            return False
        self.bodies[offset - 1] = body
        return True

    def drop(self) -> Model:
        return Model(former=self.epoch or self.former)


class Comparison:
    """Does each step to both, and compares what they say."""

    def __init__(self, log: RoomLog) -> None:
        self.log = log
        self.models = {"tea": Model(), "coffee": Model()}

    async def step(self, name: str, *args: object) -> None:
        await getattr(self, name)(*args)

    async def append(self, room: str, body: bytes, key: str | None = None) -> None:
        appended = await self.log.append(room, body, key=key)
        self._same_epoch(room, appended.position)
        told = (appended.position.offset, appended.repeated)
        assert told == self.models[room].append(body, key)

    async def repeat(self, room: str, key: str) -> None:
        await self.append(room, key.encode(), key)

    async def since(self, room: str, epoch: str, back: int, limit: int) -> None:
        offset = max(0, len(self.models[room].bodies) - back)
        part = await self.log.since(room, self._position(room, epoch, offset), limit)
        self._same_slice(room, part, self.models[room].since(epoch, offset, limit))

    async def before(self, room: str, epoch: str, back: int, limit: int) -> None:
        offset = max(0, len(self.models[room].bodies) - back)
        part = await self.log.before(room, self._position(room, epoch, offset), limit)
        self._same_slice(room, part, self.models[room].before(epoch, offset, limit))

    async def newest(self, room: str, limit: int) -> None:
        part = await self.log.before(room, None, limit)
        self._same_slice(room, part, self.models[room].before("current", 10**9, limit))

    async def redact(self, room: str, epoch: str, back: int, body: bytes) -> None:
        offset = max(0, len(self.models[room].bodies) - back)
        redacted = await self.log.redact(room, self._position(room, epoch, offset), body)
        assert redacted is self.models[room].redact(epoch, offset, body)

    async def heads(self) -> None:
        for room, head in (await self.log.heads(list(self.models))).items():
            self._same_epoch(room, head)
            assert head.offset == len(self.models[room].bodies)

    async def drop(self, room: str) -> None:
        await self.log.drop(room)
        self.models[room] = self.models[room].drop()

    def _position(self, room: str, epoch: str, offset: int) -> Position:
        model = self.models[room]
        names = {"current": model.epoch or "none", "former": model.former, "unknown": "zzz"}
        return Position(names[epoch], offset)

    def _same_slice(self, room, part, expected) -> None:
        self._same_epoch(room, part.head)
        entries = [(entry.position.offset, entry.body) for entry in part.entries]
        assert (entries, part.complete) == expected
        assert {entry.position.epoch for entry in part.entries} <= {part.head.epoch}
        assert part.head.offset == len(self.models[room].bodies)

    def _same_epoch(self, room: str, position: Position) -> None:
        model = self.models[room]
        model.epoch = model.epoch or position.epoch
        assert position.epoch == model.epoch != model.former


async def compare(log: RoomLog, steps: list[tuple[object, ...]]) -> None:
    async with opened(log):
        comparison = Comparison(log)
        for room in comparison.models:
            comparison._same_epoch(room, await log.head(room))
        for name, *args in steps:
            await comparison.step(str(name), *args)
            for room in comparison.models:
                comparison._same_epoch(room, await log.head(room))


@given(st.lists(STEPS, max_size=60))
@settings(max_examples=300, deadline=None)
def test_the_log_in_memory_is_a_list(steps):
    asyncio.run(compare(new_log("memory", "", Retention(length=LENGTH), ""), steps))


@pytest.mark.usefixtures("valkey")
@given(steps=st.lists(STEPS, max_size=60))
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_log_in_redis_is_a_list(valkey, steps):
    log = new_log("redis", valkey.url, Retention(length=LENGTH), fresh_prefix())
    asyncio.run(compare(log, steps))


@pytest.mark.usefixtures("postgres")
@given(steps=st.lists(STEPS, max_size=60))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_log_in_postgres_is_a_list(postgres, steps):
    log = new_log("postgres", postgres.url(), Retention(length=LENGTH), fresh_prefix())
    asyncio.run(compare(log, steps))
