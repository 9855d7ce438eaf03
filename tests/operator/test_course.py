"""What becomes of a cluster over minutes and hours, with the operator at work."""

from __future__ import annotations

from typing import Any

from chat_operator import steps
from chat_operator.status import read_status
from tests.operator.fake_cluster import FakeCluster
from tests.operator.views import autoscale, spec


def _condition(cluster: FakeCluster, name: str) -> tuple[str, str]:
    found = read_status(cluster.status).conditions
    return next((one.status, one.reason) for one in found if one.type == name)


def _scales(cluster: FakeCluster) -> list[int]:
    return [step.replicas for step in cluster.performed if isinstance(step, steps.Scale)]


def _cluster(clients: int, replicas: int = 1, **wanted: Any) -> FakeCluster:
    cluster = FakeCluster(spec(**wanted), replicas=replicas)
    cluster.homeless = clients
    cluster.pass_time(1)
    return cluster


def test_one_becomes_four_at_once_and_two_one_after_another() -> None:
    cluster = _cluster(300, gateways={"replicas": 4})
    cluster.run(30)
    assert _scales(cluster) == [4]
    assert _condition(cluster, "Ready") == ("True", "Ready")
    cluster.wish(spec(gateways={"replicas": 2}))
    cluster.run(400)
    assert _scales(cluster) == [4, 3, 2]
    assert cluster.clients == 300
    assert len(cluster.gateways) == 2
    assert _condition(cluster, "Progressing") == ("False", "Settled")


def test_who_leaves_was_the_emptiest_and_is_empty_then() -> None:
    cluster = _cluster(300, replicas=4, gateways={"replicas": 4})
    cluster.run(20)
    emptiest = min(cluster.gateways, key=lambda one: one.connections)
    cluster.wish(spec(gateways={"replicas": 3}))
    cluster.run(3)
    assert emptiest.leaving_since is not None
    assert emptiest.draining
    cluster.run(100)
    assert emptiest not in cluster.gateways
    assert emptiest.connections == 0


def test_no_more_than_the_share_is_on_its_way_at_once() -> None:
    cluster = _cluster(
        1000,
        replicas=3,
        gateways={"replicas": 2},
        drain={"maxMovingPercent": 4, "reconnectSeconds": 10},
    )
    before, most = cluster.clients, 0
    left = [one.connections for one in cluster.gateways]
    for _ in range(60):
        until = 10.0
        first = min(one.connections for one in cluster.gateways)
        cluster.run(until)
        most = max(most, first - min(one.connections for one in cluster.gateways))
        if len(cluster.gateways) == 2:
            break
    assert len(cluster.gateways) == 2
    assert before == cluster.clients
    assert most <= 40 + 1
    assert min(left) > 0


def test_the_mode_is_changed_and_the_way_there_is_told_once() -> None:
    cluster = _cluster(30, replicas=3, gateways={"replicas": 3})
    cluster.run(20)
    cluster.wish(spec(mode="redis", gateways={"replicas": 3}))
    cluster.run(30)
    assert {one.switch.target.mode for one in cluster.gateways} == {"redis"}
    assert all(one.switch.previous is None for one in cluster.gateways)
    assert [one.reason for one in cluster.events].count("FanoutCommitted") == 1
    status = read_status(cluster.status)
    assert status.fanout is not None
    assert (status.fanout.mode, status.fanout.phase, status.fanout.epoch) == ("redis", "steady", 1)


def test_a_broken_carrier_leaves_the_old_one_in_force_until_it_works() -> None:
    cluster = _cluster(30, replicas=3, gateways={"replicas": 3})
    cluster.run(20)
    cluster.broken = frozenset({"redis"})
    cluster.wish(spec(mode="redis", gateways={"replicas": 3}))
    cluster.run(600)
    assert {one.switch.target.mode for one in cluster.gateways} == {"adapter"}
    assert _condition(cluster, "FanoutReady") == ("False", "CalledOff")
    assert _condition(cluster, "Degraded") == ("True", "FanoutCalledOff")
    told = ["FanoutChange", "FanoutCalledOff"]
    assert [one.reason for one in cluster.events if one.reason != "Ready"] == told
    cluster.broken = frozenset()
    cluster.run(700)
    assert {one.switch.target.mode for one in cluster.gateways} == {"redis"}
    assert _condition(cluster, "Degraded") == ("False", "AsExpected")


def test_a_carrier_that_is_seen_to_be_down_is_not_even_tried() -> None:
    cluster = _cluster(30, replicas=2, gateways={"replicas": 2})
    cluster.down = frozenset({"redis"})
    cluster.wish(spec(mode="redis", gateways={"replicas": 2}))
    cluster.run(100)
    assert not any(isinstance(step, steps.GiveOrders) for step in cluster.performed)
    assert _condition(cluster, "FanoutReady") == ("False", "CarrierDown")
    cluster.down = frozenset()
    cluster.run(60)
    assert _condition(cluster, "FanoutReady") == ("True", "InForce")


def test_a_gateway_that_does_not_answer_holds_the_number_and_is_told() -> None:
    gateways = autoscale(1, 10, 100, scaleInStabilizationSeconds=60)
    cluster = _cluster(100, replicas=4, gateways=gateways)
    cluster.gateways[0].reachable = False
    cluster.run(600)
    assert len(cluster.gateways) == 4
    assert _condition(cluster, "MetricsAvailable") == ("False", "GatewaySilent")
    assert _condition(cluster, "AbleToScale") == ("False", "MetricsMissing")
    cluster.gateways[0].reachable = True
    cluster.run(900)
    assert len(cluster.gateways) == 1


def test_a_number_that_goes_up_and_down_leaves_the_cluster_as_it_is() -> None:
    cluster = _cluster(350, replicas=4, gateways=autoscale(1, 10, 100))
    cluster.run(20)
    for _ in range(20):
        for one in cluster.gateways:
            one.connections -= 15
        cluster.run(100)
        cluster.homeless += 60
        cluster.run(100)
    assert _scales(cluster) == []


def test_new_gateways_get_their_share_and_then_it_ends() -> None:
    cluster = _cluster(1000, replicas=2, gateways={"replicas": 2}, rebalance={"enabled": True})
    cluster.run(20)
    cluster.wish(spec(gateways={"replicas": 4}, rebalance={"enabled": True}))
    cluster.run(200)
    sheds = [step for step in cluster.performed if isinstance(step, steps.Shed)]
    assert sum(step.clients for step in sheds) >= 300
    assert max(step.clients for step in sheds) <= 100
    assert max(one.connections for one in cluster.gateways) < 350
    cluster.run(600)
    assert [step for step in cluster.performed if isinstance(step, steps.Shed)] == sheds


def test_without_rebalance_nobody_is_moved() -> None:
    cluster = _cluster(1000, replicas=2, gateways={"replicas": 2})
    cluster.run(20)
    cluster.wish(spec(gateways={"replicas": 4}))
    cluster.run(200)
    assert sorted(one.connections for one in cluster.gateways)[:2] == [0, 0]


def test_a_quiet_cluster_writes_nothing() -> None:
    cluster = _cluster(200, replicas=3, gateways=autoscale(3, 10, 100))
    cluster.run(60)
    written, told = cluster.written, len(cluster.events)
    cluster.run(3600)
    assert (cluster.written, len(cluster.events)) == (written, told)


def test_a_pod_that_appears_in_mid_change_comes_up_in_its_phase() -> None:
    cluster = _cluster(30, replicas=3, gateways={"replicas": 3})
    cluster.wish(spec(mode="redis", gateways={"replicas": 3}))
    while cluster.gateways[0].switch.epoch == 0:
        cluster.pass_time(cluster.look().again)
    assert cluster.gateways[0].switch.previous is not None
    cluster.gateways[1].crash(cluster.now, cluster.config)  # type: ignore[arg-type]
    cluster.run(60)
    assert {one.switch.target.mode for one in cluster.gateways} == {"redis"}
    assert all(one.switch.previous is None for one in cluster.gateways)
