"""Every gateway comes to have the sanctions that are in force, whatever is lost on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import cast

import pytest

from chat_gateway.moderation import register as registers
from chat_gateway.moderation.announcing import Lifted
from chat_gateway.moderation.enforcing import Enforcing
from chat_gateway.moderation.register import Register
from chatcluster.core.errors import HistoryError
from chatcluster.core.sanctions import Kind, Sanction, Sanctions
from chatcluster.history.memory_moderation import MemoryModeration

BAN = Sanction(kind=Kind.BAN, user="eve", made=1.0)
MUTE = Sanction(kind=Kind.MUTE, user="eve", made=2.0)
ENDED = Sanction(kind=Kind.BAN, user="bob", until=5.0)
LIFTED = Lifted(kind=Kind.BAN, user="eve")
NOW = 10.0


class Store(MemoryModeration):
    """One that gateways share; `away` while it does not answer, and slow in `reading`."""

    def __init__(self, shared: bool = True) -> None:
        super().__init__()
        self.shared = shared
        self.away = False
        self.reading: asyncio.Event | None = None

    async def version(self) -> int:
        self._answer()
        return await super().version()

    async def sanctions(self) -> tuple[int, Sequence[Sanction]]:
        self._answer()
        found = await super().sanctions()
        if self.reading is not None:
            await self.reading.wait()
        return found

    async def impose(self, sanction: Sanction) -> None:
        self._answer()
        await super().impose(sanction)

    def _answer(self) -> None:
        if self.away:
            raise HistoryError("away")


class Recorder:
    """What was enforced, in this order."""

    def __init__(self) -> None:
        self.enforced: list[Sanction] = []

    def impose(self, sanctions: Iterable[Sanction], now: float) -> None:
        self.enforced += sanctions


class Gateway:
    def __init__(self, store: Store, others: Sequence[Sanction] = ()) -> None:
        self.recorder = Recorder()
        self.others_away = False

        async def ask() -> Sequence[Sanction]:
            if self.others_away:
                raise HistoryError("away")
            return others

        enforcing = cast(Enforcing, self.recorder)
        self.register = Register(store, Sanctions(), enforcing, others=ask, now=lambda: NOW)

    @property
    def known(self) -> list[Sanction]:
        return self.register.sanctions.all(NOW)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Gateway]:
        await self.register.begin()
        keeping = asyncio.create_task(self.register.keep())
        try:
            yield self
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registers, "LOOK_SECONDS", 0.02)


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - any condition may be waited for
            await asyncio.sleep(0.005)


async def test_a_gateway_that_starts_later_knows_what_holds():
    store = Store()
    await store.impose(BAN)
    await store.impose(ENDED)
    async with Gateway(store).running() as late:
        assert late.known == late.recorder.enforced == [BAN]


async def test_what_is_ordered_here_is_stored_and_holds_at_once():
    store = Store()
    async with Gateway(store).running() as here:
        await here.register.impose(BAN)
        assert here.known == here.recorder.enforced == [BAN]
        assert (await store.sanctions())[1] == (BAN,)
        assert await here.register.lift(BAN.against) is True
        assert await here.register.lift(BAN.against) is False
        assert here.known == []
        assert (await store.sanctions())[1] == ()


async def test_a_lost_signal_delays_and_changes_nothing():
    store = Store()
    async with Gateway(store).running() as here, Gateway(store).running() as there:
        await here.register.impose(BAN)
        await eventually(lambda: there.known == [BAN])
        await here.register.lift(BAN.against)
        await eventually(lambda: there.known == [])
        assert there.recorder.enforced == [BAN]


async def test_a_signal_holds_at_once_and_is_enforced_once():
    store = Store()
    async with Gateway(store).running() as here, Gateway(store).running() as there:
        await here.register.impose(BAN)
        there.register.hear(BAN)
        assert there.known == [BAN]
        await here.register.impose(MUTE)
        await eventually(lambda: there.known == [BAN, MUTE])
        assert there.recorder.enforced == [BAN, MUTE]
        there.register.hear(LIFTED)
        assert there.known == [MUTE]


async def test_a_signal_that_the_store_contradicts_does_not_last():
    """It was late: the ban that it tells of has been lifted meanwhile."""
    async with Gateway(Store()).running() as there:
        there.register.hear(replace(BAN, reason="late"))
        await eventually(lambda: there.known == [])


async def test_a_signal_amid_a_look_at_the_store_is_not_lost():
    store = Store()
    async with Gateway(store).running() as there:
        store.reading = asyncio.Event()
        await store.impose(MUTE)
        await asyncio.sleep(0.05)  # it has looked, and does not know the answer yet
        await store.impose(BAN)
        there.register.hear(BAN)
        store.reading.set()
        await eventually(lambda: there.known == [BAN, MUTE])


async def test_while_the_store_is_away_what_is_known_holds_and_orders_are_refused():
    store = Store()
    async with Gateway(store).running() as here:
        await here.register.impose(BAN)
        store.away = True
        await asyncio.sleep(0.05)
        assert here.known == [BAN]
        with pytest.raises(HistoryError):
            await here.register.impose(MUTE)
        assert here.known == [BAN]
        store.away = False
        await store.impose(MUTE)
        await eventually(lambda: here.known == [BAN, MUTE])


async def test_a_gateway_can_start_while_the_store_is_away():
    store = Store()
    await store.impose(BAN)
    store.away = True
    async with Gateway(store).running() as here:
        assert here.known == []
        store.away = False
        await eventually(lambda: here.known == [BAN])


async def test_without_a_common_store_the_others_are_asked():
    async with Gateway(Store(shared=False), [BAN, ENDED]).running() as late:
        assert late.known == [BAN]
        late.register.hear(MUTE)
        assert late.known == late.recorder.enforced == [BAN, MUTE]


async def test_without_a_common_store_the_others_are_asked_again_after_a_break():
    gateway = Gateway(Store(shared=False), [BAN])
    gateway.others_away = True
    async with gateway.running() as here:
        here.register.hear(MUTE)
        assert here.known == [MUTE]
        gateway.others_away = False
        await eventually(lambda: here.known == [BAN, MUTE])
    other: list[Sanction] = []
    async with Gateway(Store(shared=False), other).running() as here:
        other.append(BAN)
        here.register.interrupted()
        await eventually(lambda: here.known == [BAN])
