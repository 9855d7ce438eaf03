"""The mode is changed under a talking crowd, by `kubectl apply`; nobody's connection breaks."""

from __future__ import annotations

import itertools
import os
import shlex
import time

import pytest

from tests.e2e_cluster.kubectl import run, wait_until
from tests.e2e_cluster.operated import Operated, talking
from tests.servers import missing

pytestmark = [pytest.mark.node, pytest.mark.timeout(400)]

MODES = ("isolated", "hub", "postgres", "redis", "adapter")


def tour() -> list[str]:
    """Through all modes, so that each comes once after each other: an Eulerian circuit."""
    left = {mode: [other for other in MODES if other != mode] for mode in MODES}
    waiting, path = ["adapter"], []
    while waiting:
        if left[waiting[-1]]:
            waiting.append(left[waiting[-1]].pop())
        else:
            path.append(waiting.pop())
    return path[::-1]


def test_every_mode_is_changed_to_every_other(operated: Operated):
    operated.change_mode("adapter")
    operated.wait_in_force("adapter")
    before = operated.status["fanout"]["epoch"]
    changes = list(itertools.pairwise(tour()))
    assert len(set(changes)) == 20
    with talking(operated, holes=True) as people:
        for old, new in changes:
            began = time.monotonic()
            operated.change_mode(new)
            operated.wait_in_force(new)
            print(f"{old} → {new}: {time.monotonic() - began:.1f} s")
        assert people.look()["reconnects"] == 0
    assert operated.status["fanout"]["epoch"] == before + 20


AT_ONCE, IN_A_WHILE = ("redis", "adapter"), ("hub", "redis")  # hubs have to start


@pytest.mark.parametrize(
    ("modes", "after"),
    [(AT_ONCE, 0.1), (AT_ONCE, 0.4), (AT_ONCE, 0.8), (IN_A_WHILE, 2.0)],
    ids=["early", "midway", "late", "while hubs start"],
)
def test_an_operator_that_dies_in_a_change_is_followed_by_one_that_ends_it(
    operated: Operated, modes: tuple[str, str], after: float
):
    mode = next(mode for mode in modes if mode != operated.status["fanout"]["mode"])
    with talking(operated) as people:
        operated.change_mode(mode)
        time.sleep(after)
        print(operated.status["fanout"])
        operated.kill_operator()
        operated.wait_in_force(mode)
        assert people.look()["reconnects"] == 0


def test_a_change_goes_on_after_the_api_server_was_restarted(operated: Operated):
    command = os.environ.get("E2E_RESTART_API_SERVER")
    if not command:
        missing("a command that restarts the cluster's API server (E2E_RESTART_API_SERVER)")
    mode = "adapter" if operated.status["fanout"]["mode"] != "adapter" else "redis"
    with talking(operated) as people:
        operated.change_mode(mode)
        time.sleep(0.5)
        run(*shlex.split(command))
        wait_until(operated.can_be_asked, "the API server")
        operated.wait_in_force(mode)
        assert people.look()["reconnects"] == 0


def test_a_change_to_a_redis_that_is_down_waits_for_it_and_says_so(operated: Operated):
    operated.change_mode("hub")
    operated.wait_in_force("hub")
    valkey = f"statefulset/{operated.release.base}-valkey"
    operated.kubectl("scale", valkey, "--replicas=0")
    operated.kubectl("wait", valkey, "--for=jsonpath={.status.replicas}=0", "--timeout=60s")
    operated.change_mode("redis")
    operated.wait("Degraded")
    assert operated.condition("FanoutReady")["status"] == "False"
    assert "6379" in operated.condition("FanoutReady")["message"]
    assert operated.status["fanout"]["mode"] == "hub"
    operated.kubectl("scale", valkey, "--replicas=1")
    operated.wait_in_force("redis")
    operated.wait("Degraded=False")
