"""What is promised of every status, and which Events follow from it."""

from __future__ import annotations

from chat_operator.conditions import refused
from chat_operator.events import events
from chat_operator.status import CalledOff, Memory, Status, as_json, read_status
from chatcluster.core.switch import Next, Switch, Target
from tests.operator.statuses import QUIET, condition, said, status_at
from tests.operator.views import (
    IN_FORCE,
    NOW,
    autoscale,
    leaving,
    pod,
    seconds,
    spec,
    starting,
    view,
)

A, B = pod("a", 5), pod("b", 7)
REDIS = Target("redis")
FAILED = Memory(called_off=CalledOff(target="redis", reason="a: refused", at=NOW, times=1))
DRAINING = leaving(pod("b", 7, draining=True))


def test_a_change_that_failed_counts_until_one_succeeds() -> None:
    seen = view(A, B, spec=spec(mode="redis"))
    status = status_at(seen, FAILED)
    assert said(status, "Degraded") == ("True", "FanoutCalledOff")
    assert status.fanout is not None
    assert (status.fanout.phase, status.fanout.mode) == ("called off", "adapter")
    opening = Switch(0, Target("adapter"), next=Next(1, REDIS))
    again = view(pod("a", switch=opening), B, spec=spec(mode="redis"), fanout_config=opening)
    later = status_at(again, FAILED, status, NOW + seconds(31))
    assert said(later, "Degraded") == ("True", "FanoutCalledOff")
    finished = Switch(1, REDIS)
    done = view(
        pod("a", switch=finished),
        pod("b", switch=finished),
        spec=again.spec,
        fanout_config=finished,
    )
    assert said(status_at(done, FAILED, later), "Degraded") == ("False", "AsExpected")


def test_every_statement_names_the_generation_that_it_is_about() -> None:
    status = status_at(view(A, B, generation=7))
    assert status.observed_generation == 7
    assert {one.observed_generation for one in status.conditions} == {7}


def test_the_same_cluster_an_hour_later_has_the_same_status() -> None:
    first = status_at(QUIET)
    later = status_at(QUIET, first.memory, first, NOW + seconds(3600))
    assert later == first
    assert events(first, later) == []


def test_a_status_is_read_as_it_was_written() -> None:
    status = status_at(view(A, DRAINING, spec=spec(mode="redis", gateways=autoscale())), FAILED)
    assert read_status(as_json(status)) == status


def test_a_transition_is_a_flip_and_not_another_reason() -> None:
    first = status_at(view(A, spec=spec(gateways={"replicas": 2})))
    silent = view(A, pod("b", None), spec=spec(gateways={"replicas": 2}))
    other = status_at(silent, first.memory, first, NOW + seconds(60))
    assert said(first, "Ready") != said(other, "Ready")
    assert condition(other, "Ready").last_transition_time == NOW
    good = status_at(QUIET, other.memory, other, NOW + seconds(90))
    assert condition(good, "Ready").last_transition_time == NOW + seconds(90)


def test_a_spec_that_cannot_be_read_is_told_and_the_rest_is_kept() -> None:
    before = status_at(QUIET)
    status = refused("fanout.mode: too short", 9, before, NOW + seconds(5))
    assert said(status, "Ready") == ("False", "SpecRefused")
    assert said(status, "Degraded") == ("True", "SpecRefused")
    assert (status.observed_generation, status.connections) == (9, before.connections)
    assert [one.reason for one in events(before, status)] == ["SpecRefused"]


def test_a_status_that_cannot_be_read_counts_as_none() -> None:
    assert read_status({"conditions": "?"}) == Status()
    assert read_status(None) == Status()


def test_what_begins_and_ends_is_told_once() -> None:
    quiet = status_at(QUIET)
    one = spec(gateways={"replicas": 1})
    drains = status_at(view(A, DRAINING, spec=one), quiet.memory, quiet)
    assert [event.reason for event in events(quiet, drains)] == ["Scaling", "DrainStarted"]
    on = status_at(view(A, leaving(pod("b", 3, draining=True)), spec=one), drains.memory, drains)
    assert on != drains
    assert events(drains, on) == []
    left = status_at(view(A, spec=one), on.memory, on)
    assert [event.reason for event in events(on, left)] == ["DrainEnded"]


def test_at_the_first_look_only_what_is_wrong_is_told() -> None:
    assert events(Status(), status_at(QUIET)) == []
    silent = status_at(view(A, pod("b", None)))
    assert [(one.type, one.reason) for one in events(Status(), silent)] == [
        ("Warning", "GatewaySilent")
    ]


def test_clients_of_a_gateway_that_does_not_answer_are_no_number() -> None:
    assert status_at(QUIET).connections == 12
    assert status_at(view(A, pod("b", None))).connections is None


def test_those_that_start_are_not_asked_what_carries() -> None:
    status = status_at(view(A, starting("b"), fanout_config=IN_FORCE))
    assert said(status, "FanoutReady") == ("True", "InForce")
