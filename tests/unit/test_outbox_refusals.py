"""What carriers refuse, and what the outbox says of itself."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from chatcluster.core.errors import FanoutError, MalformedError
from chatcluster.core.request import Question, Request
from chatcluster.fanout.port import State
from chatcluster.testing.harness import Gateway
from tests.unit.failing_carrier import Carrier, FakeFanout, Two, outbox
from tests.unit.virtual_time import in_virtual_time, now


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
