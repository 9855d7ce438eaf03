"""The fan-out is changed while 200 clients chat on three gateways."""

from __future__ import annotations

import time
from itertools import pairwise
from pathlib import Path

import pytest

from chatcluster.core.switch_plan import Phase
from tests.e2e.change import MODES, PROTOCOLS, Changing, all_pairs, round_trip, target
from tests.e2e.crowd import crowd
from tests.postgres_server import Postgres
from tests.servers import Valkey

CHAT_SECONDS = 1.0  # between two changes


def ways() -> list[tuple[str, str]]:
    """All ordered pairs of modes, and of the adapter's protocols; classic is the adapter's own."""
    modes = [mode if mode != "adapter" else "adapter:classic" for mode in MODES]
    return all_pairs(modes) + all_pairs([f"adapter:{protocol}" for protocol in PROTOCOLS])


@pytest.mark.node
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_every_change_of_mode_is_unnoticed_by_those_who_chat(
    valkey: Valkey, own_valkey: Valkey, postgres: Postgres, tmp_path: Path
) -> None:
    """Every ordered pair: every client gets every message of its rooms once and in order; what was
    said elsewhere during `isolated` it gets afterwards."""
    walk = round_trip(ways(), "adapter:classic")
    assert len(walk) == len(ways()) + 1
    cluster = Changing(
        tmp_path, valkey, postgres, own_valkey, variables={"adapter_protocol": "classic"}
    )
    table = []
    with cluster.running() as controller, crowd(cluster.urls, holes=True) as people:
        controller.drive(target(walk[0]))
        people.wait_ready()
        for old, new in pairwise(walk):
            time.sleep(CHAT_SECONDS)
            people.look()
            change = controller.drive(target(new))
            assert change.plan.phase is Phase.STEADY
            seen = people.look()
            table.append(f"{old:16} -> {new:16} {change.seconds:5.2f} s  {seen['worstMs']:5} ms")
            assert seen["problems"] == [], table[-1]
        time.sleep(CHAT_SECONDS)
        seen = people.finish()
    print("from                to               took     slowest delivery", *table, sep="\n")
    print(seen)
    assert seen["problems"] == []
    assert seen["reconnects"] == 0
    assert seen["refused"] == 0
    assert not any("Traceback" in program.output() for program in cluster.programs)
