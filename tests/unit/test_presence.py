"""Clients are told who is in their rooms, and other gateways who is in them here."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from chat_gateway.chat.presence import ANSWER_SECONDS, QUESTION_SECONDS, SHOWN
from chatcluster.core.envelope import Action, Envelope
from tests.unit.presence_world import SOON, WAY, Carrier, Gateway, pair, running
from tests.unit.virtual_time import in_virtual_time, now


@pytest.fixture(autouse=True)
def same_clock(monkeypatch):
    """Presence reads the clock of the machine; here that of the loop."""
    monkeypatch.setattr("chat_gateway.chat.presence.time", SimpleNamespace(monotonic=now))


@in_virtual_time
async def test_whoever_comes_is_told_who_is_there_on_all_gateways():
    one, two = pair()
    async with running(one, two):
        await one.came("a")
        await two.came("b")
        assert two.presence.describe("tea") == {
            "count": 2,
            "members": [
                {"id": "b", "nickname": "nick b", "dyno": "two"},
                {"id": "a", "nickname": "nick a", "dyno": "one"},
            ],
        }
        await asyncio.sleep(SOON)
        assert one.members() == ["a", "b"]


@in_virtual_time
async def test_those_in_the_room_are_told_of_comings_and_goings():
    one, two = pair()
    async with running(one, two):
        await one.came("a")
        await two.came("b")
        await asyncio.sleep(SOON)
        one.told.clear()
        two.presence.left("tea", "b")
        await two.came("c")
        await asyncio.sleep(SOON)
        joined = [{"id": "c", "nickname": "nick c", "dyno": "two"}]
        assert one.told == [("tea", {"room": "tea", "count": 2, "joined": joined, "left": ["b"]})]


@in_virtual_time
async def test_what_happens_within_a_moment_is_told_together():
    (one,) = [Gateway("one", Carrier())]
    async with running(one):
        await one.came("a")
        await asyncio.sleep(SOON)
        one.told.clear()
        for id in "bcd":
            await one.came(id)
        one.presence.left("tea", "c")
        assert one.told == []
        await asyncio.sleep(SOON)
        ((_, event),) = one.told
        assert [member["id"] for member in event["joined"]] == ["b", "d"]
        assert (event["left"], event["count"]) == (["c"], 3)


@in_virtual_time
async def test_the_lobby_has_no_name():
    (one,) = [Gateway("one", Carrier())]
    async with running(one):
        await one.came("a", room="")
        await asyncio.sleep(SOON)
        ((room, event),) = one.told
        assert room == ""
        assert set(event) == {"count", "joined", "left"}


@in_virtual_time
async def test_only_the_first_in_a_room_waits_for_answers():
    one, two = pair()
    async with running(one, two):
        assert await one.came("a") == pytest.approx(WAY + ANSWER_SECONDS)
        assert await one.came("b") == 0
        assert one.presence._asked == {}


@in_virtual_time
async def test_while_the_carrier_is_away_nobody_waits_long():
    one, two = pair()
    async with running(one, two):
        one.carrier.away = True
        assert await one.came("a") == pytest.approx(QUESTION_SECONDS)
        assert one.presence._asked == {}
        one.carrier.away = False
        await asyncio.sleep(2.0)
        await two.came("b")
        await asyncio.sleep(SOON)
        assert one.members() == two.members() == ["a", "b"]


@in_virtual_time
async def test_alone_nobody_is_asked():
    one = Gateway("one", Carrier(), alone=True)
    async with running(one):
        assert await one.came("a") == 0
        assert one.members() == ["a"]
        assert "ask" not in one.carrier.kinds()


@in_virtual_time
async def test_whoever_gives_up_waiting_is_still_told_later():
    one, two = pair()
    async with running(one, two):
        waiting = asyncio.create_task(one.came("a"))
        await asyncio.sleep(WAY / 2)
        waiting.cancel()
        await asyncio.sleep(SOON)
        assert one.presence._asked == {}
        assert one.told[0][1]["count"] == 1


@in_virtual_time
async def test_a_gateway_that_says_goodbye_takes_its_people_with_it():
    one, two = pair()
    async with running(one, two):
        await one.came("a")
        await two.came("b")
        await asyncio.sleep(SOON)
        await two.presence.bye()
        await asyncio.sleep(WAY + SOON)
        assert one.members() == ["a"]
        assert one.told[-1][1]["left"] == ["b"]
        one.carrier.away = True
        await one.presence.bye()


@in_virtual_time
async def test_a_gateway_that_is_silent_is_gone_after_three_beats():
    one, two = pair()
    async with running(one):
        async with running(two):
            await one.came("a")
            await two.came("b")
            await asyncio.sleep(SOON)
        await asyncio.sleep(5.5)
        assert one.members() == ["a", "b"]
        await asyncio.sleep(3.0)
        assert one.members() == ["a"]
        assert one.told[-1][1]["left"] == ["b"]


@in_virtual_time
async def test_after_an_interruption_gateways_ask_again():
    one, two = pair()
    async with running(one, two):
        await one.came("a")
        await two.came("b")
        await asyncio.sleep(SOON)
        one.carrier.away = True
        await two.came("c")
        await asyncio.sleep(SOON)
        assert one.members() == ["a", "b"]
        one.carrier.away = False
        one.presence.interrupted()
        await asyncio.sleep(SOON)
        assert one.members() == ["a", "b", "c"]


@in_virtual_time
async def test_of_a_great_room_not_all_are_named():
    one = Gateway("one", Carrier())
    async with running(one):
        for number in range(SHOWN + 5):
            await one.came(str(number))
        described = one.presence.describe("tea")
        assert (described["count"], len(described["members"])) == (SHOWN + 5, SHOWN)


@pytest.mark.parametrize(
    "args",
    [(), ("ask",), ("ask", {}), ("ask", None), ("came", {"room": "tea"}), ("alive", []), (1, 2, 3)],
)
@pytest.mark.parametrize("origin", ["one", "two"])
@in_virtual_time
async def test_a_signal_of_another_form_harms_nobody(args, origin):
    one = Gateway("one", Carrier())
    async with running(one):
        await one.came("a")
        one.presence.hear(Envelope(origin, 1, "/", Action.SIGNAL, event="presence", args=args))
        await one.came("b")
        await asyncio.sleep(SOON)
        assert one.told[-1][1]["count"] == 2


@in_virtual_time
async def test_when_gateways_part_the_others_people_leave_and_come_back_when_they_meet():
    one, two = pair()
    async with running(one, two):
        await one.came("a")
        await two.came("b")
        await asyncio.sleep(SOON)
        one.told.clear()

        one.alone = two.alone = True
        for gateway in (one, two):
            gateway.presence.interrupted()
        await asyncio.sleep(SOON)
        assert (one.members(), two.members()) == (["a"], ["b"])
        assert [(event["count"], event["left"]) for _, event in one.told] == [(1, ["b"])]
        two.presence.left("tea", "b")
        await two.came("c")
        await asyncio.sleep(3.0)  # what the carrier still brings of the other is not listened to
        assert one.members() == ["a"]

        for gateway in (one, two):  # one after the other, as the steps of a change are
            gateway.alone = False
            gateway.presence.interrupted()
            await asyncio.sleep(SOON)
        await asyncio.sleep(SOON)
        assert one.members() == two.members() == ["a", "c"]
