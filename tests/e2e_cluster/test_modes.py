"""The chart's own test in each mode, on one release that is upgraded from mode to mode."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.chart.chart import Values, merged
from tests.e2e_cluster.conftest import MakeNamespace
from tests.e2e_cluster.release import Release

pytestmark = pytest.mark.timeout(300)

BOTH_SERVERS = {
    "cluster": {"drain": {"settleSeconds": 0, "drainSeconds": 0}},
    "gateway": {"rollout": {"minReadySeconds": 0, "maxSurge": 2}},
    "postgres": {"bundled": {"enabled": True, "persistence": {"enabled": False}}},
    "valkey": {"persistence": {"enabled": False}},
}
MODES: dict[str, Values] = {
    "isolated": {"cluster": {"fanout": {"acceptSplitUsers": True}}},
    "hub": {},
    "postgres": {"history": {"store": "postgres"}},
    "redis": {"worker": {"enabled": True}},
    "adapter": {"cluster": {"fanout": {"adapter": {"protocol": "streams"}}}},
}


@pytest.fixture(scope="module")
def moving(make_namespace: MakeNamespace) -> Iterator[Release]:
    release = Release(make_namespace(), BOTH_SERVERS)
    release.install()
    yield release
    release.uninstall()


@pytest.mark.parametrize("mode", MODES)
def test_clients_chat_across_gateways(moving: Release, mode: str):
    moving.upgrade(merged({"cluster": {"fanout": {"mode": mode}}}, MODES[mode]))
    printed = moving.test()
    assert "once and in order" in printed
    assert bool(moving.pods("hub")) == (mode == "hub")
