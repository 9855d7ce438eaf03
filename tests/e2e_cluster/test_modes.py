"""The chart's own test in each mode, changed by the operator on one release; gateways stay."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.chart.chart import merged
from tests.e2e_cluster.conftest import MakeNamespace
from tests.e2e_cluster.kubectl import wait_until
from tests.e2e_cluster.release import Release

pytestmark = pytest.mark.timeout(300)

BOTH_SERVERS = {
    "cluster": {
        "fanout": {"acceptSplitUsers": True, "adapter": {"protocol": "streams"}},
    },
    "gateway": {
        "leaving": {"settleSeconds": 0, "drainSeconds": 0},
        "rollout": {"minReadySeconds": 0},
    },
    "worker": {"enabled": True},
    "postgres": {"bundled": {"enabled": True, "persistence": {"enabled": False}}},
    "valkey": {"persistence": {"enabled": False}},
}
MODES = ("isolated", "hub", "postgres", "redis", "adapter")
BY_HELM = {"operator": {"enabled": False}, "cluster": {"fanout": {"mode": "hub"}}}


@pytest.fixture(scope="module")
def moving(make_namespace: MakeNamespace) -> Iterator[Release]:
    release = Release(make_namespace(), BOTH_SERVERS)
    release.install()
    yield release
    release.uninstall()


@pytest.mark.parametrize("mode", MODES)
def test_clients_chat_across_gateways_that_stay(moving: Release, mode: str):
    before = moving.pod_names("gateway")
    moving.upgrade({"cluster": {"fanout": {"mode": mode}}})
    printed = moving.test()
    assert "once and in order" in printed
    assert moving.pod_names("gateway") == before
    for part, wanted in (("hub", mode == "hub"), ("worker", mode != "isolated")):
        wait_until(lambda p=part, w=wanted: bool(moving.pods(p)) is w, f"the {part}s of {mode}")


def test_without_an_operator_helm_decides(make_namespace: MakeNamespace):
    release = Release(make_namespace(), merged(BOTH_SERVERS, BY_HELM))
    release.install()
    assert "once and in order" in release.test()
    assert release.pods("operator") == []
    assert release.namespace.get("chatclusters") == []
    release.uninstall()
