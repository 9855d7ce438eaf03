"""Carriers fail while 200 clients chat on three gateways."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.e2e.carriers import Breakable, breakable
from tests.e2e.crowd import crowd
from tests.postgres_server import Postgres
from tests.servers import Valkey

QUIET_SECONDS = 2.0  # between two faults
GROWTH = 60_000_000  # bytes by which a gateway's memory may grow


def memory(stage: Breakable) -> int:
    """Of the largest gateway."""
    processes = [gateway.process for gateway in stage.gateways]
    return max(psutil.Process(one.pid).memory_info().rss for one in processes if one)


@pytest.mark.node
@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("mode", ["hub", "postgres", "redis", "adapter"])
def test_nothing_is_lost_or_doubled_when_the_carrier_fails(
    mode: str, own_valkey: Valkey, own_postgres: Postgres, tmp_path: Path
) -> None:
    """Restarted five times, paused for 20 s, cut off from one gateway only, and refusing
    connections for a minute: whatever was acknowledged reaches everybody, once and in order."""
    folder = tmp_path / "carrier"
    folder.mkdir()
    carrier = Valkey(folder)
    carrier.start()
    try:
        with breakable(tmp_path, own_valkey, carrier, own_postgres, mode) as stage:
            _break(stage, mode)
    finally:
        carrier.stop()


def _break(stage: Breakable, mode: str) -> None:
    faulty = stage.carriers[mode]
    faults: list[tuple[str, Callable[[], None]]] = [
        *[(f"restarted, {number}", lambda: faulty.restart(0.5)) for number in range(1, 6)],
        ("cut off from one gateway, 8 s", lambda: faulty.cut_off(stage.gateways[0], 8.0)),
        ("paused, 20 s", lambda: faulty.freeze(20.0)),
        ("refusing, 60 s", lambda: faulty.refuse(60.0)),
    ]
    with stage.cluster.running(), crowd(stage.cluster.urls) as people:
        people.wait_ready()
        before = memory(stage)
        for what, happens in faults:
            time.sleep(QUIET_SECONDS)
            people.look()
            happens()
            ready = stage.ready_after()
            time.sleep(QUIET_SECONDS)
            seen = people.look()
            print(f"{mode:9} {what:30} ready {ready:5.2f} s after; worst {seen['worstMs']} ms")
            assert seen["problems"] == [], what
        seen = people.finish()
        grown = memory(stage) - before
    print(f"{mode}: {seen}, grown by {grown / 1e6:.1f} MB")
    assert seen["problems"] == []
    assert seen["acked"] > 500
    assert grown < GROWTH
    for program in stage.cluster.programs:
        assert "Traceback" not in program.output(), program.output()[-5000:]
