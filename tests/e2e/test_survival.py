"""What an acknowledgement is worth when gateways die under a crowd."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from redis import Redis

from tests.e2e.crowd import crowd
from tests.gateways import Cluster
from tests.servers import Valkey

KILLS = 5
DOWN_SECONDS = 1.0
UP_SECONDS = 1.5


@pytest.mark.node
@pytest.mark.slow
@pytest.mark.timeout(90)
@pytest.mark.parametrize("mode", ["adapter", "hub", "redis"])
def test_a_crowd_survives_gateways_that_are_killed(
    mode: str, valkey: Valkey, tmp_path: Path
) -> None:
    """200 clients on two gateways, five kills: nothing acknowledged is missing or doubled for
    anyone, and all see the same order."""
    cluster = Cluster(tmp_path, valkey.url, mode, presence_seconds=0.5)
    urls = [gateway.url for gateway in cluster.gateways]
    with cluster.running(), crowd(urls) as people:
        people.wait_ready()
        for kill in range(KILLS):
            gateway = cluster.gateways[kill % 2]
            time.sleep(UP_SECONDS)
            gateway.kill()
            time.sleep(DOWN_SECONDS)
            gateway.start()
        time.sleep(UP_SECONDS)
        seen = people.finish()
    print(f"{mode}: {seen}")
    assert seen["problems"] == []
    assert seen["reconnects"] >= 200
    assert seen["acked"] > 1000
    assert not any("Traceback" in program.output() for program in cluster.programs)


@pytest.mark.node
@pytest.mark.slow
@pytest.mark.timeout(60)
def test_a_crowd_misses_nothing_while_the_carrier_is_cut_again_and_again(
    valkey: Valkey, tmp_path: Path
) -> None:
    """Gateways lose their subscriptions in the middle of the talk, each with whatever was on its
    way: that is read from the log, on connections that never broke, before anything newer."""
    cluster = Cluster(tmp_path, valkey.url, "adapter")
    urls = [gateway.url for gateway in cluster.gateways]
    with cluster.running(), crowd(urls, every=500) as people:
        people.wait_ready()
        with Redis.from_url(valkey.url) as redis:
            for _ in range(20):
                time.sleep(0.4)
                redis.client_kill_filter(_type="pubsub")
        seen = people.finish()
        replayed = sum(gateway.stats()["replayed"] for gateway in cluster.gateways)
    print(f"cut: {seen}, {replayed} replayed")
    assert seen["problems"] == []
    assert seen["reconnects"] == 0
    assert replayed > 0
