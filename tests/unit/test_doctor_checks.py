"""From what is known of a cluster to what is wrong with it, and what to do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chat_local.doctor.checks import all_findings
from chat_local.doctor.facts import Cluster, Examined, Gateway, Kubernetes
from chat_local.doctor.findings import Severity

REDIS = {
    "run_id": "r1",
    "role": "master",
    "appendonly": "yes",
    "appendfsync": "always",
    "save": "",
    "maxmemory": "0",
    "maxmemory-policy": "noeviction",
    "used_memory": "1000",
    "client-output-buffer-limit": "normal 0 0 0 slave 268435456 67108864 60 "
    "pubsub 33554432 8388608 60",
}
POSTGRES = {
    "started": "2026-11-24 10:00:00+00",
    "database": "chat",
    "standby": "false",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "default_transaction_read_only": "off",
}
ON_KUBERNETES = Kubernetes(
    gateways=2, ready=2, nodes=2, images=("gateway:1",), restarts={}, disruption_budget=True
)


def examined(number: int, known: tuple[int, ...], **changes: Any) -> Examined:
    said: dict[str, Any] = {
        "name": f"gateway-{number}",
        "origin": f"o{number}",
        "time": 1000.0,
        "version": "1",
        "ready": True,
        "fanout": {"mode": "adapter", "target": "adapter", "state": "up"},
        "history": {"kind": "redis", "ok": True},
        "others": [
            {"name": f"gateway-{other}", "origin": f"o{other}", "seconds": 0.01} for other in known
        ],
        "servers": [server()],
    }
    for name, value in changes.items():
        said[name] = {**said[name], **value} if isinstance(value, dict) else value
    return Examined.model_validate(said)


def server(kind: str = "redis", **changes: str) -> dict[str, Any]:
    facts = (REDIS if kind == "redis" else POSTGRES) | {
        name.replace("__", "-"): value for name, value in changes.items()
    }
    return {"kind": kind, "at": f"{kind}://db", "uses": ["room log", "fan-out"], "facts": facts}


def cluster(first: dict[str, Any] | None = None, second: dict[str, Any] | None = None) -> Cluster:
    """Two gateways that are well, but for what of each is said."""
    return Cluster(
        (
            Gateway("gateway-1", examined(1, (2,), **(first or {}))),
            Gateway("gateway-2", examined(2, (1,), **(second or {}))),
        ),
        ON_KUBERNETES,
    )


def both(**changes: Any) -> Cluster:
    return cluster(changes, changes)


def on_kubernetes(**changes: Any) -> Cluster:
    return replace(cluster(), kubernetes=replace(ON_KUBERNETES, **changes))


def skewed(seconds: float, doubt: float) -> Cluster:
    one, two = cluster().gateways
    return Cluster((one, replace(two, skew=seconds, doubt=doubt)))


def in_redis(**changes: str) -> Cluster:
    return both(servers=[server(**changes)])


def in_postgres(**changes: str) -> Cluster:
    return both(servers=[server("postgres", **changes)])


def alone() -> Cluster:
    return Cluster((Gateway("gateway-1", examined(1, ())),))


PROBLEMS = {
    "a gateway is gone": (
        Cluster((cluster().gateways[0], Gateway("gateway-2", error="nobody listens there"))),
        "gateway-2 does not answer: nobody listens there",
    ),
    "not ready": (
        cluster({"ready": False, "reasons": ["fan-out: down"]}),
        "gateway-1 takes no clients: fan-out: down",
    ),
    "two fan-outs": (
        cluster({"fanout": {"target": "hub", "mode": "hub", "epoch": 3}}),
        "hub, epoch 3 on gateway-1; adapter, epoch 0 on gateway-2",
    ),
    "two epochs": (cluster({"fanout": {"epoch": 3}}), "epoch 3 on gateway-1"),
    "midway": (
        both(fanout={"changing": True, "phase": "prepares hub: opening"}),
        "A change of the fan-out is under way",
    ),
    "isolated": (
        both(fanout={"mode": "isolated", "target": "isolated", "shared": False}, others=[]),
        "gateway-1, gateway-2: mode isolated, with 2 gateways",
    ),
    "clocks": (skewed(3.0, 0.1), "The clock of gateway-2 is 3.0 s ahead of that of gateway-1"),
    "clocks behind": (skewed(-3.0, 0.1), "The clock of gateway-1 is 3.0 s ahead"),
    "deaf": (cluster({"others": []}), "gateway-1 asked through the fan-out, and gateway-2 did not"),
    "cannot ask": (cluster({"error": "it is down"}), "gateway-1 cannot ask the others"),
    "waiting": (
        cluster({"fanout": {"outbox": {"waiting": 7, "bytes": 1}}}),
        "7 envelopes wait on gateway-1",
    ),
    "two histories": (
        cluster({"history": {"kind": "postgres"}}),
        "postgres on gateway-1; redis on gateway-2",
    ),
    "no store": (cluster({"history": {"ok": False}}), "gateway-1 cannot store messages"),
    "two stores": (
        cluster({"servers": [server(run_id="r2")]}),
        "Gateways store messages in different servers",
    ),
    "server silent": (
        cluster({"servers": [{**server(), "facts": {}, "error": "refused"}]}),
        "gateway-1 gets no answer from its Redis at redis://db (room log, fan-out): refused",
    ),
    "nothing on disk": (in_redis(appendonly="no"), "forgets messages that were acknowledged"),
    "snapshots": (
        in_redis(appendonly="no", save="3600 1"),
        "forgets messages since its last snapshot that were acknowledged",
    ),
    "eviction": (in_redis(maxmemory__policy="allkeys-lru"), "(`maxmemory-policy allkeys-lru`)"),
    "full": (in_redis(maxmemory="1048576", used_memory="1000000"), "over 90% of its `maxmemory`"),
    "replica": (in_redis(role="slave"), "is a replica"),
    "no fsync": (in_postgres(fsync="off"), "`fsync` or `full_page_writes` off"),
    "asynchronous": (in_postgres(synchronous_commit="off"), "has `synchronous_commit off`"),
    "standby": (in_postgres(standby="true"), "is a standby or read-only"),
    "no budget": (on_kubernetes(disruption_budget=False), "No PodDisruptionBudget"),
    "pod not ready": (on_kubernetes(ready=1), "1 of 2 gateway pods are not ready"),
}
ADVICE = {
    "one gateway": (alone(), "There is one gateway"),
    "two versions": (cluster({"version": "2"}), "2 on gateway-1; 1 on gateway-2"),
    "strangers": (cluster({"missing": 2}), "2 others did not answer gateway-1"),
    "slow": (
        cluster({"others": [{"name": "gateway-2", "origin": "o2", "seconds": 0.7}]}),
        "From gateway-1 to gateway-2 and back takes 0.70 s",
    ),
    "no history": (both(history={"kind": "off"}, servers=[]), "No history is kept"),
    "no token": (both(guarded=False), "gateway-1, gateway-2: whoever reaches the admin port"),
    "a second": (in_redis(appendfsync="everysec"), "has `appendfsync everysec`"),
    "small buffers": (
        in_redis(**{"client-output-buffer-limit": "normal 0 0 0 pubsub 1048576 0 0"}),
        "(`client-output-buffer-limit pubsub 1048576 0 0`)",
    ),
    "one node": (on_kubernetes(nodes=1), "All 2 gateways are on one node"),
    "restarts": (on_kubernetes(restarts={"talk-1": 4}), "talk-1 4 times"),
    "two images": (on_kubernetes(images=("gateway:1", "gateway:2")), "gateway:1, gateway:2"),
}


def test_nothing_is_found_where_nothing_is_wrong():
    assert all_findings(cluster()) == []
    assert all_findings(in_postgres()) == []
    assert all_findings(skewed(3.0, doubt=2.9)) == []  # perhaps it only took long to ask


@pytest.mark.parametrize(("wrong", "said"), PROBLEMS.values(), ids=PROBLEMS)
def test_each_problem_is_found_and_nothing_else(wrong: Cluster, said: str):
    (finding,) = all_findings(wrong)
    assert finding.severity is Severity.PROBLEM
    assert said in finding.what
    assert finding.do.endswith(".")


@pytest.mark.parametrize(("wrong", "said"), ADVICE.values(), ids=ADVICE)
def test_what_could_hurt_one_day_is_advice(wrong: Cluster, said: str):
    (finding,) = all_findings(wrong)
    assert finding.severity is Severity.ADVICE
    assert said in finding.what
    assert finding.do.endswith(".")


def test_settings_that_may_not_be_read_are_no_reason_to_say_that_they_are_wrong():
    managed = {"run_id": "r1", "role": "master", "used_memory": "1"}
    (finding,) = all_findings(both(servers=[{**server(), "facts": managed}]))
    assert "does not let its settings be read" in finding.what


def test_what_matters_for_messages_does_not_matter_where_none_are_kept():
    carrier = {**server(appendonly="no", maxmemory__policy="allkeys-lru"), "uses": ["fan-out"]}
    log = server("postgres")
    assert all_findings(both(servers=[carrier, log], history={"kind": "postgres"})) == []


def test_problems_come_first():
    found = all_findings(cluster({"version": "2", "ready": False}))
    assert [one.severity for one in found] == [Severity.PROBLEM, Severity.ADVICE]
