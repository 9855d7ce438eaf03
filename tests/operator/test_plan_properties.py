"""Whatever happens: bounds are kept, the last gateway stays, and in the end all is as wanted."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from chat_operator import steps
from chat_operator.plan import plan
from chat_operator.spec import ChatClusterSpec
from chat_operator.status import read_status
from chat_operator.view import View
from tests.operator.fake_cluster import FakeCluster
from tests.operator.views import IN_FORCE, autoscale, spec

MODES = ("adapter", "redis", "postgres", "isolated", "hub")
LARGEST = 6

_fixed = st.builds(lambda number: {"replicas": number}, st.integers(1, LARGEST))
_auto = st.builds(
    lambda low, more, window: autoscale(
        low, min(LARGEST, low + more), 20, scaleInStabilizationSeconds=window
    ),
    st.integers(1, 3),
    st.integers(0, LARGEST),
    st.sampled_from([0, 30, 120]),
)
_external = st.builds(
    lambda number: {"external": True, "replicas": number}, st.integers(1, LARGEST)
)
specs = st.builds(
    lambda gateways, mode, percent, rebalance: spec(
        mode=mode,
        gateways=gateways,
        drain={"maxMovingPercent": percent, "timeoutSeconds": 120},
        rebalance={"enabled": rebalance},
        hubs={"replicas": 1},
        fanout={"retrySeconds": 5, "prepareTimeoutSeconds": 20},
    ),
    _fixed | _auto | _external,
    st.sampled_from(MODES),
    st.sampled_from([5, 30, 100]),
    st.booleans(),
)
chance = st.integers(0, 2**32).map(random.Random)
faults = st.lists(
    st.one_of(
        st.tuples(st.just("time"), st.integers(1, 90)),
        st.tuples(st.just("clients"), st.integers(-60, 60)),
        st.tuples(st.just("crash"), st.integers(0, LARGEST)),
        st.tuples(st.just("silent"), st.integers(0, LARGEST)),
        st.tuples(st.just("evicted"), st.integers(0, LARGEST)),
        st.tuples(st.just("killed"), st.sampled_from(["write", "act"])),
        st.tuples(st.just("forgot"), st.just(0)),
        st.tuples(st.just("broken"), st.sampled_from(MODES)),
        st.tuples(st.just("wish"), specs),
    ),
    max_size=12,
)


class Watched(FakeCluster):
    """Breaks where the operator does what it may never do."""

    def perform(self, step: steps.Step) -> None:
        seen = self.view()
        match step:
            case steps.Scale(replicas, was):
                _fewer_only_when_left(seen, replicas, was)
            case steps.MarkForDeletion(pod, _) | steps.Drain(pod, _):
                assert _others_serve(seen, pod), f"{pod} is the last one"
            case steps.GiveOrders(orders):
                assert orders
        super().perform(step)


def _fewer_only_when_left(seen: View, replicas: int, was: int) -> None:
    autoscale = seen.spec.gateways.autoscale
    assert 1 <= replicas <= max(was, LARGEST)
    if replicas >= was:
        assert autoscale is None or replicas <= autoscale.max
        return
    assert replicas == was - 1
    (marked,) = (one for one in seen.pods if one.leaving_since is not None and not one.deleting)
    if autoscale is not None:
        assert replicas >= autoscale.min
    switches = [one.report.switch for one in seen.pods if one.report and not one.deleting]
    assert not any(one.next or one.previous for one in switches), "in the middle of a change"
    assert marked.figures is None or marked.figures.draining


def _others_serve(seen: View, pod: str) -> bool:
    return any(one.ready and one.stays for one in seen.pods if one.name != pod)


def _happens(cluster: FakeCluster, what: str, how: Any) -> None:
    _FAULTS[what](cluster, how)


def _clients(cluster: FakeCluster, more: int) -> None:
    cluster.homeless = max(0, cluster.homeless + more)
    cluster.pass_time(1)


def _crash(cluster: FakeCluster, which: int) -> None:
    one = cluster.gateways[which % len(cluster.gateways)]
    cluster.homeless += one.crash(cluster.now, cluster.config or IN_FORCE)


def _silent(cluster: FakeCluster, which: int) -> None:
    one = cluster.gateways[which % len(cluster.gateways)]
    one.reachable = not one.reachable


def _evicted(cluster: FakeCluster, which: int) -> None:
    one = cluster.gateways[which % len(cluster.gateways)]
    one.deleted_at = one.deleted_at or cluster.now


_FAULTS: dict[str, Callable[[FakeCluster, Any], object]] = {
    "time": FakeCluster.run,
    "clients": _clients,
    "crash": _crash,
    "silent": _silent,
    "evicted": _evicted,
    "killed": lambda cluster, where: cluster.look(killed=where),
    "forgot": lambda cluster, _: setattr(cluster, "status", {}),
    "broken": lambda cluster, mode: setattr(cluster, "broken", frozenset({mode})),
    "wish": FakeCluster.wish,
}


def _heals(cluster: FakeCluster) -> None:
    cluster.broken = frozenset()
    for one in cluster.gateways:
        one.reachable = True


def _is_as_wanted(cluster: FakeCluster, wanted: ChatClusterSpec) -> None:
    gateways = wanted.gateways
    if gateways.autoscale is None:
        assert cluster.replicas == gateways.replicas
    else:
        needed = -(-cluster.clients // gateways.autoscale.connections_per_gateway)
        low, high = gateways.autoscale.min, gateways.autoscale.max
        assert cluster.replicas == max(low, min(high, needed))
    assert len(cluster.gateways) == cluster.replicas
    assert not any(one.draining or one.leaving_since for one in cluster.gateways)
    assert all(one.switch.target == wanted.fanout.target for one in cluster.gateways)
    assert not any(one.switch.next or one.switch.previous for one in cluster.gateways)
    assert cluster.hubs == (1 if wanted.fanout.mode == "hub" else 0)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(specs, st.integers(1, LARGEST), st.integers(0, 150), faults, chance)
def test_whatever_happens_in_the_end_all_is_as_wanted(
    wanted: ChatClusterSpec, replicas: int, clients: int, course: list[Any], luck: random.Random
) -> None:
    cluster = Watched(wanted, replicas=replicas, chance=luck)
    cluster.homeless = clients
    for what, how in course:
        _happens(cluster, what, how)
    _heals(cluster)
    cluster.run(1500)
    _is_as_wanted(cluster, cluster.spec)
    written, done, told = cluster.written, len(cluster.performed), len(cluster.events)
    cluster.run(200)
    assert (cluster.written, len(cluster.performed)) == (written, done), "it does not come to rest"
    assert len(cluster.events) == told


@settings(max_examples=60, deadline=None)
@given(specs, st.integers(1, LARGEST), faults, chance)
def test_the_same_look_gives_the_same_plan_and_a_second_look_writes_nothing_new(
    wanted: ChatClusterSpec, replicas: int, course: list[Any], luck: random.Random
) -> None:
    cluster = Watched(wanted, replicas=replicas, chance=luck)
    for what, how in course:
        _happens(cluster, what, how)
    seen, memory = cluster.view(), read_status(cluster.status).memory
    once = plan(seen, memory, cluster.now)
    assert plan(seen, memory, cluster.now) == once
    if once.step is None:
        assert plan(seen, once.memory, cluster.now).memory == once.memory


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 120), st.integers(1, LARGEST), chance)
def test_clients_who_stay_as_many_never_make_the_number_go_up_and_down(
    clients: int, replicas: int, luck: random.Random
) -> None:
    cluster = Watched(spec(gateways=autoscale(1, LARGEST, 20)), replicas=replicas, chance=luck)
    cluster.homeless = clients
    cluster.run(1500)
    numbers = [
        replicas,
        *(one.replicas for one in cluster.performed if isinstance(one, steps.Scale)),
    ]
    assert numbers in (sorted(numbers), sorted(numbers, reverse=True))


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 200), st.integers(0, 200)), min_size=1, max_size=30),
    st.integers(0, 300),
)
@example([(1, 100), (1, 0)], 0)
def test_no_fewer_are_wanted_than_were_needed_at_any_time_within_the_window(
    course: list[tuple[int, int]], window: int
) -> None:
    cluster = FakeCluster(
        spec(gateways=autoscale(1, 20, 10, scaleInStabilizationSeconds=window)), replicas=1
    )
    seen, memory, now = cluster.view(), read_status({}).memory, cluster.now
    needed: list[tuple[float, int]] = []
    at = 0.0
    for seconds, clients in course:
        at += seconds
        figures = seen.pods[0].figures
        assert figures is not None
        one = replace(seen.pods[0], figures=replace(figures, connections=clients))
        moment = now.fromtimestamp(now.timestamp() + at, now.tzinfo)
        planned = plan(replace(seen, pods=(one,)), memory, moment)
        memory = planned.memory
        needed.append((at, max(1, -(-clients // 10))))
        ends = [then for then, _ in needed[1:]] + [at]
        within = [
            number for (_, number), end in zip(needed, ends, strict=True) if at - end < window
        ]
        assert planned.notes.wanted is not None
        assert planned.notes.wanted.replicas == min(20, max(needed[-1][1], *within, 1))
