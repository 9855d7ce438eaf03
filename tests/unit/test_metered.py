"""What a gateway counts of its fan-out and of its room log, which behave as without it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import pytest

from chatcluster.core.envelope import Action, Envelope
from chatcluster.core.errors import FanoutError, HistoryError
from chatcluster.core.position import Position
from chatcluster.fanout import metered as fanouts
from chatcluster.history import metered as logs
from chatcluster.history.memory import MemoryRoomLog
from chatcluster.history.port import Retention


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Carrier:
    """Brings back what it is given when it is told to."""

    def __init__(self, clock: Clock) -> None:
        self.error: Exception | None = None
        self.receiver: Any = None
        self._clock = clock

    async def open(self, receiver: Any) -> None:
        self.receiver = receiver

    async def publish(self, envelopes: Sequence[Envelope]) -> None:
        if self.error is not None:
            raise self.error

    async def check(self) -> None:
        self._clock.now += 0.2
        if self.error is not None:
            raise self.error


class Receiver:
    def __init__(self) -> None:
        self.got: list[Envelope] = []
        self.interruptions = 0

    def deliver(self, envelopes: Sequence[Envelope]) -> None:
        self.got += envelopes

    def interrupted(self) -> None:
        self.interruptions += 1


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def carrier(clock: Clock) -> Carrier:
    return Carrier(clock)


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
async def fanout(carrier: Carrier, clock: Clock, receiver: Receiver) -> fanouts.Metered:
    fanout = fanouts.Metered(cast(Any, carrier), "me", clock=clock)
    await fanout.open(cast(Any, receiver))
    return fanout


def envelope(sequence: int, origin: str = "me") -> Envelope:
    return Envelope(origin, sequence, "/", Action.EMIT, event="e")


async def test_what_arrives_is_counted_by_who_published_it(fanout, carrier, receiver):
    brought = [envelope(1), envelope(7, "other"), envelope(8, "other")]
    carrier.receiver.deliver(brought)
    assert fanout.arrived == {"here": 1, "elsewhere": 2}
    assert receiver.got == brought


async def test_the_lag_is_from_publishing_to_coming_back(fanout, carrier, clock):
    await fanout.publish([envelope(1), envelope(2)])
    clock.now += 0.03
    carrier.receiver.deliver([envelope(1), envelope(2, "other")])
    assert fanout.lag.count == 0  # another one is followed
    carrier.receiver.deliver([envelope(2)])
    assert (fanout.lag.count, fanout.lag.sum) == (1, pytest.approx(0.03))


async def test_one_that_never_comes_back_is_forgotten_and_another_is_followed(
    fanout, carrier, clock
):
    await fanout.publish([envelope(1)])
    clock.now += fanouts.FORGOTTEN_SECONDS + 1
    await fanout.publish([envelope(2)])
    clock.now += 0.5
    carrier.receiver.deliver([envelope(1), envelope(2)])
    assert (fanout.lag.count, fanout.lag.sum) == (1, pytest.approx(0.5))


async def test_what_the_carrier_does_not_take_is_counted_and_still_an_error(fanout, carrier):
    await fanout.publish([envelope(1)])
    carrier.error = FanoutError("away")
    with pytest.raises(FanoutError, match="away"):
        await fanout.publish([envelope(2), envelope(3)])
    assert (fanout.published, fanout.refused) == (1, 2)


async def test_checks_are_timed_and_failed_ones_counted(fanout, carrier):
    await fanout.check()
    carrier.error = FanoutError("away")
    with pytest.raises(FanoutError, match="away"):
        await fanout.check()
    assert fanout.round_trip == pytest.approx(0.2)
    assert fanout.checks.counts == {"ok": 1, "failed": 1, "other": 0}


async def test_interruptions_are_counted_and_passed_on(fanout, carrier, receiver):
    carrier.receiver.interrupted()
    assert (fanout.interruptions, receiver.interruptions) == (1, 1)


class Store:
    """A room log whose next append is a future, as that of Redis."""

    shared = True

    def __init__(self) -> None:
        self.stored: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def append(self, room: str, body: bytes, *, key: str | None = None) -> asyncio.Future[Any]:
        return self.stored

    async def since(self, room: str, after: Position, limit: int) -> Any:
        raise HistoryError("away")


async def test_an_append_is_timed_until_it_is_stored(clock):
    store = Store()
    log = logs.Metered(cast(Any, store), clock=clock)
    stored = log.append("tea", b"hello")
    assert stored is store.stored  # on its way at once, and in the order of the calls
    clock.now += 0.25
    store.stored.set_result("stored")
    assert await stored == "stored"
    await asyncio.sleep(0)
    assert (log.appends.count, log.appends.sum) == (1, 0.25)


async def test_an_append_that_fails_is_counted_as_an_error(clock):
    store = Store()
    log = logs.Metered(cast(Any, store), clock=clock)
    stored = log.append("tea", b"hello")
    store.stored.set_exception(HistoryError("full"))
    with pytest.raises(HistoryError, match="full"):
        await stored
    with pytest.raises(HistoryError, match="away"):
        await log.since("tea", Position("e", 0), 10)
    await asyncio.sleep(0)
    assert log.errors.counts == {
        **dict.fromkeys((*logs.OPERATIONS, "other"), 0),
        "append": 1,
        "read": 1,
    }
    assert log.appends.count == 0


async def test_an_append_that_is_no_future_is_counted_too(clock):
    inner = MemoryRoomLog(Retention(), clock=clock, random_bytes=bytes)
    log = logs.Metered(inner, clock=clock)
    appended = await log.append("tea", b"hello")
    assert await log.head("tea") == appended.position
    assert log.appends.count == 1
    assert log.shared is False
