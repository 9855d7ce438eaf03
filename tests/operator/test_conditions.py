"""What the status says: one row per case, and what is promised of every status."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from chat_operator.conditions import refused, status_of
from chat_operator.events import events
from chat_operator.plan import plan
from chat_operator.status import CalledOff, Condition, Memory, Status, as_json, read_status
from chat_operator.view import View
from chatcluster.core.switch import Next, Switch, Target
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
    workload,
)

A, B = pod("a", 5), pod("b", 7)
REDIS = Target("redis")
FAILED = Memory(called_off=CalledOff(target="redis", reason="a: refused", at=NOW, times=1))


def _status(
    seen: View, memory: Memory | None = None, previous: Status | None = None, now: datetime = NOW
) -> Status:
    planned = plan(seen, memory or Memory(), now)
    return status_of(seen, planned, previous or Status(), now)


def _said(status: Status, name: str) -> tuple[str, str]:
    one = _condition(status, name)
    return one.status, one.reason


def _condition(status: Status, name: str) -> Condition:
    return next(one for one in status.conditions if one.type == name)


QUIET = view(A, B)
CARRIER_DOWN = view(A, B, spec=spec(mode="redis"), carriers={"redis": "nobody listens there"})
DRAINING = leaving(pod("b", 7, draining=True))
ROWS: dict[str, tuple[View, str, tuple[str, str]]] = {
    "all is well: ready": (QUIET, "Ready", ("True", "Ready")),
    "all is well: nothing is on its way": (QUIET, "Progressing", ("False", "Settled")),
    "all is well: nothing is broken": (QUIET, "Degraded", ("False", "AsExpected")),
    "all is well: the mode": (QUIET, "FanoutReady", ("True", "InForce")),
    "all is well: scaling": (QUIET, "AbleToScale", ("True", "Ready")),
    "all is well: nobody leaves": (QUIET, "Draining", ("False", "NoneLeaves")),
    "all is well: figures": (QUIET, "MetricsAvailable", ("True", "AllAnswer")),
    "all is well: not paused": (QUIET, "Paused", ("False", "NotPaused")),
    "all is well: no warnings": (QUIET, "NoWarnings", ("True", "NoWarnings")),
    "one is missing: not ready": (
        view(A, spec=spec(gateways={"replicas": 2})),
        "Ready",
        ("False", "GatewaysMissing"),
    ),
    "one is missing: on its way": (
        view(A, starting("b")),
        "Progressing",
        ("True", "GatewaysStarting"),
    ),
    "one is to leave: on its way": (
        view(A, DRAINING, spec=spec(gateways={"replicas": 1})),
        "Progressing",
        ("True", "Scaling"),
    ),
    "one is to leave: as many as wanted are ready": (
        view(A, DRAINING, spec=spec(gateways={"replicas": 1})),
        "Ready",
        ("True", "Ready"),
    ),
    "one is to leave: it drains": (
        view(A, DRAINING, spec=spec(gateways={"replicas": 1})),
        "Draining",
        ("True", "GatewayLeaves"),
    ),
    "one is to leave: that is scaling": (
        view(
            A,
            leaving(pod("b", 7, draining=True, per_second=0.2)),
            spec=spec(gateways={"replicas": 1}),
        ),
        "AbleToScale",
        ("True", "Draining"),
    ),
    "a rollout": (
        view(A, B, gateways=workload(2, updated=1)),
        "Progressing",
        ("True", "RolloutInProgress"),
    ),
    "a rollout holds scale-in": (
        view(A, B, gateways=workload(2, updated=1), spec=spec(gateways={"replicas": 1})),
        "AbleToScale",
        ("False", "RolloutInProgress"),
    ),
    "no Deployment: degraded": (view(gateways=None), "Degraded", ("True", "NoDeployment")),
    "no Deployment: not ready": (view(gateways=None), "Ready", ("False", "NoDeployment")),
    "none is ready for long": (
        view(pod("a", 5, ready=False)),
        "Degraded",
        ("True", "NoGatewayReady"),
    ),
    "the first one starts": (view(starting("a")), "Degraded", ("False", "Starting")),
    "one does not answer: degraded": (
        view(A, pod("b", None)),
        "Degraded",
        ("True", "GatewaySilent"),
    ),
    "one does not answer: no figures": (
        view(A, pod("b", None)),
        "MetricsAvailable",
        ("False", "GatewaySilent"),
    ),
    "one does not answer: its fan-out is not known": (
        view(A, pod("b", None)),
        "FanoutReady",
        ("Unknown", "Waiting"),
    ),
    "nobody answers: nor the fan-out": (
        view(pod("a", None)),
        "FanoutReady",
        ("Unknown", "NoAnswer"),
    ),
    "no gateway runs: figures are not known": (
        view(pod("a", None, started=None, ready=False)),
        "MetricsAvailable",
        ("Unknown", "NoGateway"),
    ),
    "another mode is wanted": (
        view(A, B, spec=spec(mode="redis")),
        "FanoutReady",
        ("False", "Preparing"),
    ),
    "another mode is wanted: not ready": (
        view(A, B, spec=spec(mode="redis")),
        "Ready",
        ("False", "Preparing"),
    ),
    "another mode is wanted: on its way": (
        view(A, B, spec=spec(mode="redis")),
        "Progressing",
        ("True", "FanoutChanging"),
    ),
    "another mode is wanted, its carrier is down": (
        CARRIER_DOWN,
        "FanoutReady",
        ("False", "CarrierDown"),
    ),
    "its carrier is down: degraded": (CARRIER_DOWN, "Degraded", ("True", "FanoutCarrierDown")),
    "its carrier is down: nothing is on its way": (
        CARRIER_DOWN,
        "Progressing",
        ("False", "Settled"),
    ),
    "paused": (view(A, B, spec=spec(paused="All")), "Paused", ("True", "All")),
    "paused: ready all the same": (view(A, B, spec=spec(paused="All")), "Ready", ("True", "Ready")),
    "paused, another mode is wanted": (
        view(A, B, spec=spec(mode="redis", paused="All")),
        "FanoutReady",
        ("False", "Paused"),
    ),
    "paused, more are wanted": (
        view(A, B, spec=spec(gateways={"replicas": 3}, paused="All")),
        "AbleToScale",
        ("False", "Paused"),
    ),
    "scale-in is paused": (
        view(A, B, spec=spec(gateways={"replicas": 1}, paused="ScaleIn")),
        "AbleToScale",
        ("False", "ScaleInPaused"),
    ),
    "fewer are enough, not for long": (
        view(A, B, spec=spec(gateways=autoscale())),
        "AbleToScale",
        ("True", "Stabilizing"),
    ),
    "users are split": (
        view(
            pod("a", switch=Switch(0, Target("isolated"))),
            pod("b", switch=Switch(0, Target("isolated"))),
            spec=spec(mode="isolated"),
            fanout_config=Switch(0, Target("isolated")),
        ),
        "NoWarnings",
        ("False", "UsersAreSplit"),
    ),
    "users are split, and may be": (
        view(A, B, spec=spec(mode="isolated", fanout={"acceptSplitUsers": True})),
        "NoWarnings",
        ("True", "NoWarnings"),
    ),
    "more are needed than there may be": (
        view(A, B, spec=spec(gateways=autoscale(1, 2, 1))),
        "NoWarnings",
        ("False", "AtMaximum"),
    ),
    "somebody else sets deletion costs": (
        view(A, replace(B, foreign_cost=True)),
        "NoWarnings",
        ("False", "ForeignDeletionCost"),
    ),
    "a drain that cannot be done in its time": (
        view(A, B, spec=spec(drain={"maxMovingPercent": 1, "timeoutSeconds": 60})),
        "NoWarnings",
        ("False", "HastyDrain"),
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_the_condition_is(row: tuple[View, str, tuple[str, str]]) -> None:
    seen, name, said = row
    assert _said(_status(seen), name) == said


def test_a_change_that_failed_counts_until_one_succeeds() -> None:
    seen = view(A, B, spec=spec(mode="redis"))
    status = _status(seen, FAILED)
    assert _said(status, "Degraded") == ("True", "FanoutCalledOff")
    assert status.fanout is not None
    assert (status.fanout.phase, status.fanout.mode) == ("called off", "adapter")
    opening = Switch(0, Target("adapter"), next=Next(1, REDIS))
    again = view(pod("a", switch=opening), B, spec=spec(mode="redis"), fanout_config=opening)
    later = _status(again, FAILED, status, NOW + seconds(31))
    assert _said(later, "Degraded") == ("True", "FanoutCalledOff")
    finished = Switch(1, REDIS)
    done = view(
        pod("a", switch=finished),
        pod("b", switch=finished),
        spec=again.spec,
        fanout_config=finished,
    )
    assert _said(_status(done, FAILED, later), "Degraded") == ("False", "AsExpected")


def test_every_statement_names_the_generation_that_it_is_about() -> None:
    status = _status(view(A, B, generation=7))
    assert status.observed_generation == 7
    assert {one.observed_generation for one in status.conditions} == {7}


def test_the_same_cluster_an_hour_later_has_the_same_status() -> None:
    first = _status(QUIET)
    later = _status(QUIET, first.memory, first, NOW + seconds(3600))
    assert later == first
    assert events(first, later) == []


def test_a_status_is_read_as_it_was_written() -> None:
    status = _status(view(A, DRAINING, spec=spec(mode="redis", gateways=autoscale())), FAILED)
    assert read_status(as_json(status)) == status


def test_a_transition_is_a_flip_and_not_another_reason() -> None:
    first = _status(view(A, spec=spec(gateways={"replicas": 2})))
    silent = view(A, pod("b", None), spec=spec(gateways={"replicas": 2}))
    other = _status(silent, first.memory, first, NOW + seconds(60))
    assert _said(first, "Ready") != _said(other, "Ready")
    assert _condition(other, "Ready").last_transition_time == NOW
    good = _status(QUIET, other.memory, other, NOW + seconds(90))
    assert _condition(good, "Ready").last_transition_time == NOW + seconds(90)


def test_a_spec_that_cannot_be_read_is_told_and_the_rest_is_kept() -> None:
    before = _status(QUIET)
    status = refused("fanout.mode: too short", 9, before, NOW + seconds(5))
    assert _said(status, "Ready") == ("False", "SpecRefused")
    assert _said(status, "Degraded") == ("True", "SpecRefused")
    assert (status.observed_generation, status.connections) == (9, before.connections)
    assert [one.reason for one in events(before, status)] == ["SpecRefused"]


def test_a_status_that_cannot_be_read_counts_as_none() -> None:
    assert read_status({"conditions": "?"}) == Status()
    assert read_status(None) == Status()


def test_what_begins_and_ends_is_told_once() -> None:
    quiet = _status(QUIET)
    one = spec(gateways={"replicas": 1})
    drains = _status(view(A, DRAINING, spec=one), quiet.memory, quiet)
    assert [event.reason for event in events(quiet, drains)] == ["Scaling", "DrainStarted"]
    on = _status(view(A, leaving(pod("b", 3, draining=True)), spec=one), drains.memory, drains)
    assert on != drains
    assert events(drains, on) == []
    left = _status(view(A, spec=one), on.memory, on)
    assert [event.reason for event in events(on, left)] == ["DrainEnded"]


def test_at_the_first_look_only_what_is_wrong_is_told() -> None:
    assert events(Status(), _status(QUIET)) == []
    silent = _status(view(A, pod("b", None)))
    assert [(one.type, one.reason) for one in events(Status(), silent)] == [
        ("Warning", "GatewaySilent")
    ]


def test_clients_of_a_gateway_that_does_not_answer_are_no_number() -> None:
    assert _status(QUIET).connections == 12
    assert _status(view(A, pod("b", None))).connections is None


def test_those_that_start_are_not_asked_what_carries() -> None:
    status = _status(view(A, starting("b"), fanout_config=IN_FORCE))
    assert _said(status, "FanoutReady") == ("True", "InForce")
