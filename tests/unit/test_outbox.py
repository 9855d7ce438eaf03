"""What becomes of envelopes that the carrier does not take."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from chatcluster.core.envelope import RoomKey
from chatcluster.core.errors import FanoutError, MalformedError
from chatcluster.core.request import Question, Request
from chatcluster.fanout.port import State
from chatcluster.testing.harness import Gateway
from tests.unit.failing_carrier import LATENCY, Carrier, FakeFanout, Two, outbox, typing
from tests.unit.virtual_time import in_virtual_time, now


@in_virtual_time
async def test_on_a_carrier_that_is_well_everything_passes_straight_through() -> None:
    async with Two() as world:
        began = now()
        sent = [await world.one.say(number) for number in range(3)]
        assert now() - began == pytest.approx(3 * LATENCY)
        await world.settle()
        assert world.one.received == world.two.received == sent
        assert world.inner.batches == [1, 1, 1]
        assert world.inner.checks == 0


@in_virtual_time
async def test_what_is_published_during_an_outage_arrives_in_order_afterwards() -> None:
    async with Two() as world:
        world.carrier.fail()
        sent = [await world.one.say(number) for number in range(1000)]
        assert world.box.waiting == 1000
        assert world.box.bytes > 1000
        assert world.two.received == []
        world.carrier.recover()
        await world.settle()
        assert world.two.received == sent
        assert world.box.bytes == 0
        assert world.inner.batches == [256, 256, 256, 232]


@in_virtual_time
async def test_what_waits_goes_out_as_soon_as_the_carrier_is_back() -> None:
    async with Two() as world:
        world.carrier.fail()
        await world.one.say(1)
        await asyncio.sleep(60)
        world.carrier.recover()
        began = now()
        await world.two.got(1)
        assert now() - began < 0.01


@in_virtual_time
async def test_a_carrier_that_is_not_durable_is_first_given_time_to_be_found_by_all() -> None:
    async with Two() as world:
        world.inner.durable = False
        world.carrier.fail()
        sent = [await world.one.say(1)]
        world.carrier.recover()
        began = now()
        await asyncio.sleep(1.0)
        sent.append(await world.one.say(2))
        assert world.two.received == []
        assert world.one.received == sent
        await world.two.got(2)
        assert 2.0 <= now() - began < 2.2
        assert world.two.received == sent


@in_virtual_time
async def test_a_carrier_that_goes_again_is_given_that_time_again() -> None:
    async with Two() as world:
        world.inner.durable = False
        world.carrier.fail()
        sent = await world.one.say(1)
        world.carrier.recover()
        await asyncio.sleep(1.5)
        world.carrier.fail()
        await asyncio.sleep(1.5)
        world.carrier.recover()
        began = now()
        assert await world.two.got(1) == [sent]
        assert 2.0 <= now() - began < 2.2


@in_virtual_time
async def test_a_gateways_own_clients_get_it_at_once_and_its_echo_is_dropped() -> None:
    async with Two() as world:
        world.carrier.fail()
        sent = [await world.one.say(number) for number in range(10)]
        assert world.one.received == sent
        world.carrier.recover()
        await world.settle()
        assert world.one.received == sent


@in_virtual_time
async def test_of_what_waits_a_gateway_gets_only_what_it_wants() -> None:
    async with Two() as world:
        world.carrier.fail()
        await world.one.say("elsewhere", rooms=("b",))
        with pytest.raises(FanoutError):
            await world.box.want({RoomKey("/", "b")})
        await world.one.say("here", rooms=("b",))
        assert world.one.args == ["here"]
        world.carrier.recover()
        await world.settle()
        assert sorted(world.one.args) == ["elsewhere", "here"]  # its echo came to whom wants it now


@in_virtual_time
async def test_what_was_taken_without_an_answer_does_not_arrive_twice() -> None:
    async with Two() as world:
        world.carrier.takes_and_dies = 2
        sent = [await world.one.say(number) for number in range(3)]
        await world.settle()
        assert [envelope.sequence for envelope in world.carrier.taken].count(1) >= 2
        assert world.two.received == world.one.received == sent


@in_virtual_time
async def test_a_carrier_that_hangs_holds_up_nobody_for_more_than_two_seconds() -> None:
    async with Two() as world:
        world.carrier.hang()
        began = now()
        sent = []
        calls = []
        for number in range(20):
            sent.append(world.one.envelope(number))
            calls.append(asyncio.create_task(world.box.publish([sent[-1]])))
            await asyncio.sleep(0.05)
        await asyncio.gather(*calls)
        assert now() - began == pytest.approx(2.0)
        assert world.one.received == sent
        at_once = now()
        sent.append(await world.one.say("later"))
        assert now() == at_once
        world.carrier.recover()
        await world.settle()
        assert world.two.received == world.one.received == sent


@in_virtual_time
async def test_a_carrier_that_hangs_is_not_sent_more_and_more() -> None:
    async with Two() as world:
        world.carrier.hang()
        await world.one.say(1)
        for _ in range(100):
            await world.one.say("more")
            await asyncio.sleep(0.5)
        assert sum(world.inner.batches) == 1


@in_virtual_time
async def test_what_fails_while_others_are_on_their_way_keeps_its_place() -> None:
    async with Two() as world:
        sent = [world.one.envelope(number) for number in range(5)]
        calls = [asyncio.create_task(world.box.publish([one])) for one in sent]
        await asyncio.sleep(0)
        world.carrier.fail()
        sent.append(await world.one.say("before the others know that they failed"))
        await asyncio.gather(*calls)
        assert world.one.received == sent
        world.carrier.recover()
        await world.settle()
        assert world.two.received == sent


@in_virtual_time
async def test_what_was_taken_and_not_yet_heard_comes_before_what_waits() -> None:
    async with Two() as world:
        first = await world.one.say("taken")
        world.carrier.fail()
        second = await world.one.say("waits")
        assert world.one.received == [first, second]
        world.carrier.recover()
        await world.settle()
        assert world.one.received == world.two.received == [first, second]


@in_virtual_time
async def test_when_it_is_full_the_sender_gets_an_error() -> None:
    async with Two(envelopes=3) as world:
        world.carrier.fail()
        sent = [await world.one.say(number) for number in range(3)]
        with pytest.raises(FanoutError, match="3 envelopes wait, of 3 that may"):
            await world.one.say("too many")
        assert world.one.received == sent
        world.carrier.recover()
        await world.settle()
        assert world.two.received == sent
        await world.one.say("again")


@in_virtual_time
async def test_bytes_have_a_bound_too() -> None:
    async with Two(bytes=1000) as world:
        world.carrier.fail()
        await world.one.say("x" * 800)
        with pytest.raises(FanoutError, match="bytes wait, of 1000 that may"):
            await world.one.say("x" * 800)
        assert world.box.waiting == 1


@in_virtual_time
async def test_on_a_carrier_that_hangs_callers_are_bounded_too() -> None:
    async with Two(envelopes=3, bytes=1000) as world:
        world.carrier.hang()
        calls = [asyncio.create_task(world.one.say(number)) for number in range(5)]
        done = await asyncio.gather(*calls, return_exceptions=True)
        assert [isinstance(one, FanoutError) for one in done] == [False] * 3 + [True] * 2


@in_virtual_time
async def test_on_a_carrier_that_hangs_large_calls_are_bounded_at_once() -> None:
    async with Two(bytes=1000) as world:
        world.carrier.hang()
        calls = [asyncio.create_task(world.one.say("x" * 10))]
        await asyncio.sleep(0.2)
        calls += [asyncio.create_task(world.one.say("x" * 800)) for _ in range(2)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert [call.done() for call in calls] == [False, False, True]
        await asyncio.gather(*calls, return_exceptions=True)
        assert world.box.waiting == 2


@in_virtual_time
async def test_volatile_envelopes_do_not_wait_but_reach_the_gateways_own_clients() -> None:
    async with Two() as world:
        world.carrier.fail()
        event = typing(world.one, "typing")
        await world.box.publish([event])
        assert world.one.received == [event]
        assert world.box.waiting == 0
        world.carrier.recover()
        await world.one.say("hello")
        await world.settle()
        assert world.two.args == ["hello"]


@in_virtual_time
async def test_one_that_no_carrier_takes_holds_up_no_other() -> None:
    async with Two() as world:
        world.carrier.fail()
        for number in range(6):
            await world.one.say(number)
        error = MalformedError("has no form")
        world.inner.refuse = lambda envelope: error if envelope.args == (3,) else None
        world.carrier.recover()
        with capture_logs() as logs:
            await world.settle()
        assert world.two.args == [0, 1, 2, 4, 5]
        assert [line["reason"] for line in logs if line["log_level"] == "error"] == ["has no form"]


@in_virtual_time
async def test_one_that_a_carrier_refuses_for_good_is_given_up_after_many_attempts() -> None:
    async with Two() as world:
        refused = 0

        def refuse(envelope: object) -> Exception | None:
            nonlocal refused
            if getattr(envelope, "args", ()) != ("bad",):
                return None
            refused += 1
            return FanoutError("no")

        world.inner.refuse = refuse
        began = now()
        await world.one.say("bad")
        await world.one.say("good")
        await world.settle()
        assert world.two.args == ["good"]
        assert refused > 10
        assert 3 < now() - began < 30


@in_virtual_time
async def test_what_the_carrier_could_never_take_is_refused_at_once() -> None:
    async with Two() as world:
        world.inner.refuse = lambda envelope: MalformedError("has no form")
        with pytest.raises(MalformedError):
            await world.one.say(object())
        assert world.box.waiting == 0


@in_virtual_time
async def test_closing_sends_what_waits_if_the_carrier_takes_it() -> None:
    async with Two() as world:
        world.carrier.fail()
        sent = [await world.one.say(number) for number in range(5)]
        world.carrier.recover()
        await world.box.close()
        await asyncio.sleep(10 * LATENCY)
        assert world.two.received == sent


@in_virtual_time
async def test_closing_does_not_wait_for_others_to_find_the_carrier() -> None:
    async with Two() as world:
        world.inner.durable = False
        world.carrier.fail()
        sent = await world.one.say(1)
        world.carrier.recover()
        await asyncio.sleep(0.5)
        await world.box.close()
        await asyncio.sleep(10 * LATENCY)
        assert world.two.received == [sent]


@in_virtual_time
async def test_closing_gives_up_what_waits_after_half_a_second_and_says_so() -> None:
    async with Two() as world:
        world.carrier.fail()
        for number in range(5):
            await world.one.say(number)
        began = now()
        with capture_logs() as logs:
            await world.box.close()
        assert now() - began == pytest.approx(0.5)
        assert {"event": "outbox_given_up", "count": 5, "log_level": "warning"} in logs
        assert world.box.waiting == 0
        with pytest.raises(FanoutError, match="closed"):
            await world.one.say("too late")


@in_virtual_time
async def test_closing_refuses_what_is_on_its_way() -> None:
    async with Two() as world:
        world.carrier.hang()
        call = asyncio.create_task(world.one.say(1))
        await asyncio.sleep(0.1)
        await world.box.close()
        with pytest.raises(FanoutError):
            await call


@in_virtual_time
async def test_a_caller_that_gives_up_does_not_disturb_the_others() -> None:
    async with Two() as world:
        world.carrier.hang()
        impatient = asyncio.create_task(world.one.say("impatient"))
        patient = asyncio.create_task(world.one.say("patient"))
        await asyncio.sleep(0.1)
        impatient.cancel()
        with pytest.raises(asyncio.CancelledError):
            await impatient
        await patient
        world.carrier.recover()
        await world.settle()
        assert world.two.args == ["impatient", "patient"]


@in_virtual_time
async def test_it_says_of_itself_what_the_fan_out_inside_says_at_that_moment() -> None:
    carrier = Carrier()
    inner = FakeFanout(carrier)
    box = outbox(inner)
    assert str(box.state) == "closed"
    gateway = await Gateway(box, "one").open("a")
    with pytest.raises(FanoutError, match="already open"):
        await box.open(gateway)
    assert (box.mode, box.durable, box.shared, box.state) == ("fake", True, True, State.UP)
    inner.mode, inner.durable, inner.shared = "other", False, False
    assert (box.mode, box.durable, box.shared) == ("other", False, False)
    carrier.fail()
    assert box.state is State.DOWN
    for call in (box.check(), box.ask(Request(Question.SERVER, "/"), 1.0)):
        with pytest.raises(FanoutError):
            await call
    carrier.recover()
    assert gateway.interruptions == 1
    await box.close()


@in_virtual_time
async def test_one_that_cannot_be_opened_may_be_opened_later() -> None:
    inner = FakeFanout(Carrier())
    box = outbox(inner)
    gateway = Gateway(box, "one")

    async def fail(receiver: object) -> None:
        raise FanoutError("nobody answers")

    opened, inner.open = inner.open, fail  # type: ignore[method-assign]
    with pytest.raises(FanoutError, match="nobody answers"):
        await gateway.open()
    inner.open = opened  # type: ignore[method-assign]
    await gateway.open("a")
    await box.close()
