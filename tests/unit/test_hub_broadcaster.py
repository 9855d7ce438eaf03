"""How a hub carries out what other services ask for: once for each key, and in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence, Set

import pytest

from chat_hub import broadcaster as module
from chat_hub.broadcaster import Broadcaster
from chat_hub.denied import INVALID, KEY_REUSED, TOO_LARGE, UNAVAILABLE, Denied
from chat_hub.orders import Broadcast, Order, SocketsJoin, read
from chatcluster.core.envelope import Action, Envelope, RoomKey
from chatcluster.core.errors import FanoutError
from chatcluster.fanout.port import Receiver, State


class Wire:
    """A fan-out that keeps what is published, and can be told to fail or to wait."""

    mode = "hub"
    durable = False
    shared = True
    state = State.UP

    def __init__(self) -> None:
        self.sent: list[Envelope] = []
        self.failing = False
        self.free = asyncio.Event()
        self.free.set()
        self.refusals = 0  # of attempts to open it

    async def open(self, receiver: Receiver) -> None:
        if self.refusals:
            self.refusals -= 1
            raise FanoutError("no hub can be reached")

    async def publish(self, envelopes: Sequence[Envelope]) -> None:
        self.sent += envelopes
        await self.free.wait()
        if self.failing:
            raise FanoutError("no hub can be reached")

    async def want(self, rooms: Set[RoomKey]) -> None: ...

    async def check(self) -> None: ...

    async def close(self) -> None: ...


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
async def broadcaster(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Broadcaster]:
    monkeypatch.setattr(module, "GRACE", 0.02)
    broadcaster = Broadcaster("hub", gateways=lambda: 2, limit=2000)
    async with broadcaster.publishing(wire):
        await ready(broadcaster)
        yield broadcaster


async def ready(broadcaster: Broadcaster) -> None:
    async with asyncio.timeout(5):
        while broadcaster._fanout is None:  # noqa: ASYNC110 - it has no event for it
            await asyncio.sleep(0.01)


def news(*args: object, key: str | None = None) -> Order:
    [order] = read(Broadcast, {"event": "news", "args": list(args), "key": key})
    return order


async def test_an_order_becomes_an_envelope(broadcaster: Broadcaster, wire: Wire) -> None:
    [order] = read(SocketsJoin, {"namespace": "/x", "rooms": ["a"], "except": ["b"], "into": ["c"]})
    [answer] = await broadcaster.carry_out([order])
    assert answer["gateways"] == 2
    assert len(answer["id"]) == 12
    [envelope] = wire.sent
    assert (envelope.namespace, envelope.action) == ("/x", Action.JOIN)
    assert (envelope.rooms, envelope.exclude, envelope.into) == (("a",), ("b",), ("c",))
    assert envelope.flags == {}


async def test_orders_go_out_numbered_and_in_the_order_of_the_calls(
    broadcaster: Broadcaster, wire: Wire
) -> None:
    await asyncio.gather(*(broadcaster.carry_out([news(n), news(n)]) for n in range(20)))
    assert [envelope.sequence for envelope in wire.sent] == list(range(1, 41))
    assert [envelope.args[0] for envelope in wire.sent] == [n for n in range(20) for _ in "ab"]
    assert len({envelope.origin for envelope in wire.sent}) == 1
    assert broadcaster.carried_out == 40


async def test_a_repeated_key_gets_the_first_answer(broadcaster: Broadcaster, wire: Wire) -> None:
    first = await broadcaster.carry_out([news(1, key="k")])
    assert await broadcaster.carry_out([news(1, key="k")]) == first
    assert len(wire.sent) == 1
    assert wire.sent[0].flags == {"once": first[0]["id"]}


async def test_who_repeats_while_the_first_is_under_way_waits_for_its_answer(
    broadcaster: Broadcaster, wire: Wire
) -> None:
    wire.free.clear()
    asked = [asyncio.create_task(broadcaster.carry_out([news(1, key="k")])) for _ in range(3)]
    await asyncio.sleep(0.01)
    asked[0].cancel()  # it hung up
    await asyncio.sleep(0)
    wire.free.set()
    assert await asked[1] == await asked[2]
    assert len(wire.sent) == 1


async def test_the_same_request_has_the_same_id_at_every_hub(
    broadcaster: Broadcaster, wire: Wire
) -> None:
    other = Broadcaster("other hub", gateways=lambda: 2, limit=2000)
    async with other.publishing(wire):
        await ready(other)
        first = await broadcaster.carry_out([news(1, key="k"), news(2, key="l")])
        second = await other.carry_out([news(2, key="l"), news(1, key="k")])
    assert first == second[::-1]
    assert first[0]["id"] != first[1]["id"]


async def test_a_list_repeats_a_part_of_another(broadcaster: Broadcaster, wire: Wire) -> None:
    [first] = await broadcaster.carry_out([news(1, key="k")])
    answers = await broadcaster.carry_out([news(0), news(1, key="k"), news(2, key="l")])
    assert answers[1] == first
    again = await broadcaster.carry_out([news(2, key="l"), news(2, key="l")])
    assert again == [answers[2], answers[2]]
    assert [envelope.args[0] for envelope in wire.sent] == [1, 0, 2]


async def test_a_key_is_not_for_something_else(broadcaster: Broadcaster, wire: Wire) -> None:
    await broadcaster.carry_out([news(1, key="k")])
    for orders in ([news(3), news(2, key="k")], [news(4, key="l"), news(5, key="l")]):
        with pytest.raises(Denied) as caught:
            await broadcaster.carry_out(orders)
        assert caught.value.reason is KEY_REUSED
    assert len(wire.sent) == 1


async def test_what_failed_can_be_repeated(broadcaster: Broadcaster, wire: Wire) -> None:
    wire.failing = True
    with pytest.raises(Denied, match="same key") as caught:
        await broadcaster.carry_out([news(1, key="k")])
    assert caught.value.reason is UNAVAILABLE
    wire.failing = False
    await broadcaster.carry_out([news(1, key="k")])
    assert wire.sent[0].flags == wire.sent[1].flags  # by which gateways know it
    assert wire.sent[0].sequence != wire.sent[1].sequence


async def test_a_hub_that_never_answers_is_not_waited_for(
    broadcaster: Broadcaster, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.05)
    wire.free.clear()
    with pytest.raises(Denied, match="no hub has answered"):
        await broadcaster.carry_out([news(1)])


async def test_too_much_under_way_is_denied(
    broadcaster: Broadcaster, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "UNDER_WAY", 2)
    wire.free.clear()
    waiting = asyncio.create_task(broadcaster.carry_out([news(1), news(2)]))
    await asyncio.sleep(0.01)
    with pytest.raises(Denied, match="too much"):
        await broadcaster.carry_out([news(3)])
    wire.free.set()
    await waiting
    await broadcaster.carry_out([news(3)])


async def test_what_cannot_be_sent_is_denied_and_nothing_is(
    broadcaster: Broadcaster, wire: Wire
) -> None:
    for wrong, reason in ((news(2**80), INVALID), (news("x" * 2000), TOO_LARGE)):
        with pytest.raises(Denied) as caught:
            await broadcaster.carry_out([news(1), wrong])
        assert caught.value.reason is reason
    assert wire.sent == []


async def test_it_takes_nothing_before_it_has_reached_a_hub_and_after_it_was_closed(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GRACE", 0.02)
    wire.refusals = 1
    broadcaster = Broadcaster("hub", gateways=lambda: 2, limit=2000)
    async with broadcaster.publishing(wire):
        with pytest.raises(Denied, match="starts"):
            await broadcaster.carry_out([news(1)])
        await ready(broadcaster)
        await broadcaster.carry_out([news(1)])
    with pytest.raises(Denied, match="stops"):
        await broadcaster.carry_out([news(1)])
