"""What a controller orders next, from what the gateways say."""

from __future__ import annotations

import pytest

from chatcluster.core.switch import Next, Order, Previous, Step, Switch, Target
from chatcluster.core.switch_plan import MARKER_SECONDS, Phase, Plan, Report, plan

OLD, NEW, OTHER = Target("hub"), Target("redis"), Target("adapter")
STEADY = Switch(0, OLD)
OPENING = Switch(0, OLD, next=Next(1, NEW))
READY = Switch(0, OLD, next=Next(1, NEW, ready=True))
FAILED = Switch(0, OLD, next=Next(1, NEW, error="no answer"))
COMMITTED = Switch(1, NEW, previous=Previous(0, OLD))
DONE = Switch(1, NEW)


def seen(wanted: Target, **switches: Switch | None) -> Plan:
    """The plan when gateways say that they are where *switches* are; nothing of markers."""
    reports = {
        name: None if switch is None else Report(name, switch) for name, switch in switches.items()
    }
    return plan(wanted, reports)


def steps(planned: Plan) -> dict[str, tuple[Step, int]]:
    return {name: (order.step, order.epoch) for name, order in planned.orders.items()}


def test_without_gateways_nothing_is_known():
    for reports in ({}, {"a": None}):
        with pytest.raises(ValueError, match="no gateway answers"):
            plan(NEW, reports)


def test_what_is_in_force_already_needs_nothing():
    assert seen(OLD, a=STEADY, b=STEADY).done


def test_first_all_prepare():
    planned = seen(NEW, a=STEADY, b=READY, c=OPENING)
    assert planned.phase is Phase.PREPARING
    assert steps(planned) == {"a": (Step.PREPARE, 1), "c": (Step.PREPARE, 1)}
    assert planned.start == OPENING


def test_when_all_are_ready_they_commit():
    planned = seen(NEW, a=READY, b=READY)
    assert planned.phase is Phase.COMMITTING
    assert planned.orders == dict.fromkeys("ab", Order(Step.COMMIT, 1, NEW))
    assert planned.start == OPENING  # whoever starts now does not commit before it is told to


def test_when_one_has_committed_the_others_follow():
    forward = Switch(0, OLD, next=Next(1, NEW, forward=True, error="no answer"))
    for planned in (seen(OLD, a=COMMITTED, b=READY), seen(OTHER, a=COMMITTED, b=STEADY)):
        assert (planned.phase, planned.start) == (Phase.COMMITTING, COMMITTED)
        assert steps(planned) == {"b": (Step.FOLLOW, 1)}
    planned = seen(NEW, a=STEADY, b=forward, c=None)
    assert steps(planned) == {"a": (Step.FOLLOW, 1), "b": (Step.FOLLOW, 1)}
    assert planned.reason == "c does not answer; b: no answer"


def reports(switch: Switch = COMMITTED, **more: object) -> dict[str, Report]:
    return {name: Report(name, switch, **more) for name in "ab"}  # type: ignore[arg-type]


def test_the_old_one_is_closed_when_the_last_on_it_has_come():
    planned = plan(NEW, reports(markers=frozenset("ab")))
    assert steps(planned) == {"a": (Step.FINISH, 1), "b": (Step.FINISH, 1)}
    assert planned.start == DONE


def test_until_then_it_waits_but_not_for_ever():
    planned = plan(OTHER, reports(markers=frozenset("a")))
    assert (planned.phase, planned.orders, planned.start) == (Phase.FINISHING, {}, COMMITTED)
    assert planned.reason == "a waits for the last of 1; b waits for the last of 1"
    assert plan(OTHER, reports(since=MARKER_SECONDS)).orders
    assert plan(OTHER, reports(waits=False)).orders


def test_who_does_not_answer_may_still_publish_on_the_old_one():
    planned = plan(NEW, {**reports(markers=frozenset("ab")), "c": None})
    assert (planned.orders, planned.start) == ({}, COMMITTED)
    assert planned.reason == "c does not answer"


def test_who_has_finished_needs_no_order():
    finished = {"a": Report("a", COMMITTED, frozenset("ab")), "b": Report("b", DONE)}
    assert steps(plan(NEW, finished)) == {"a": (Step.FINISH, 1)}


@pytest.mark.parametrize("other", [None, FAILED])
def test_who_does_not_answer_or_cannot_open_it_calls_it_off(other):
    planned = seen(NEW, a=READY, b=other)
    assert (planned.phase, planned.start) == (Phase.CALLED_OFF, STEADY)
    assert steps(planned)["a"] == (Step.CALL_OFF, 1)
    assert planned.reason in ("b does not answer", "b: no answer")


def test_what_is_not_wanted_any_more_is_called_off():
    planned = seen(OLD, a=READY, b=STEADY)
    assert (planned.phase, steps(planned)) == (Phase.STEADY, {"a": (Step.CALL_OFF, 1)})
    assert not planned.done
    assert not seen(OLD, a=STEADY, b=None).done


@pytest.mark.parametrize(
    ("switches", "epoch"),
    [
        ([STEADY, Switch(0, OLD, called_off=4)], 5),
        ([READY, Switch(0, OLD, next=Next(2, OTHER))], 3),
        ([READY, Switch(0, OLD, next=Next(1, OTHER))], 2),
        ([READY, Switch(0, OLD, called_off=1)], 2),
        ([READY, STEADY], 1),
    ],
)
def test_no_epoch_is_used_for_two_changes(switches, epoch):
    planned = seen(NEW, a=switches[0], b=switches[1])
    assert {number for _, number in steps(planned).values()} == {epoch}


def test_of_one_epoch_and_several_targets_none_is_kept_for_being_wanted():
    """Gateways that were started with different settings."""
    planned = seen(NEW, a=STEADY, b=Switch(0, NEW))
    assert (planned.phase, planned.epoch) == (Phase.PREPARING, 1)


def test_the_slowest_is_waited_for_though_another_one_is_done():
    """What was before is still listened to by those who start now."""
    halves = {"a": Report("a", DONE), "b": Report("b", COMMITTED)}
    planned = plan(NEW, halves)
    assert (planned.orders, planned.start) == ({}, COMMITTED)
