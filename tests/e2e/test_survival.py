"""What an acknowledgement is worth when gateways die under a crowd."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from tests.e2e.crowd import crowd
from tests.gateways import Cluster
from tests.servers import Valkey

SECONDS = 120.0
UP_SECONDS = (1.0, 4.0)  # between two kills
DOWN_SECONDS = (0.0, 1.5)


@pytest.mark.node
@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("mode", ["adapter", "hub", "redis", "postgres"])
def test_a_crowd_survives_gateways_that_are_killed(
    mode: str, valkey: Valkey, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """200 clients on three gateways, one of which is killed every few seconds: nothing acknowledged
    is missing or doubled for anyone, and all see the same order."""
    chance = random.Random(mode)
    settings: dict[str, Any] = {"presence_seconds": 0.5}
    if mode == "postgres":
        settings["postgres_dsn"] = request.getfixturevalue("postgres").url()
    cluster = Cluster(tmp_path, valkey.url, mode, 3, **settings)
    urls = [gateway.url for gateway in cluster.gateways]
    kills = 0
    with cluster.running(), crowd(urls) as people:
        people.wait_ready()
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            time.sleep(chance.uniform(*UP_SECONDS))
            gateway = chance.choice(cluster.gateways)
            gateway.kill()
            kills += 1
            time.sleep(chance.uniform(*DOWN_SECONDS))
            gateway.start()
        seen = people.finish()
    print(f"{mode}: {kills} kills, {seen}")
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
