"""Gateways come and go under a talking crowd, which notices nothing but new connections."""

from __future__ import annotations

import time

import pytest

from tests.e2e_cluster.kubectl import wait_until
from tests.e2e_cluster.operated import PERCENT, RECONNECT, Operated, Watched, talking

pytestmark = [pytest.mark.node, pytest.mark.timeout(400)]

CLIENTS = 300


def test_gateways_come_at_once_get_their_share_and_the_emptiest_leave(operated: Operated):
    """From one to four and back to two."""
    operated.wish(rebalance={"enabled": True})
    operated.scale(1)
    operated.wait_settled(1)
    with talking(operated, CLIENTS) as people, Watched(people) as watched:
        operated.scale(4)
        operated.wait_settled(4)
        wait_until(lambda: max(operated.clients().values()) <= CLIENTS / 2, "clients move", 90)
        operated.wish(rebalance={"enabled": False})
        time.sleep(2 * RECONNECT)
        before = operated.clients()
        operated.scale(2)
        operated.wait_settled(2)
        moved = watched.at_once(RECONNECT)
    assert sum(before.values()) == CLIENTS
    leavers = [message.split(" leaves with ")[0] for message in operated.events("DrainStarted")]
    first, second = leavers[-2:]
    assert before[first] == min(before.values())
    # It got clients of the first in between, as the others did, by a load balancer's chance.
    rest = sorted(count for name, count in before.items() if name != first)
    assert before[second] <= rest[0] + before[first] / 2
    assert operated.release.pod_names("gateway") == before.keys() - {first, second}
    # A pace, of which up to a second's worth goes at once.
    assert moved <= CLIENTS * PERCENT / 100 * (RECONNECT + 1.5) / RECONNECT


@pytest.mark.parametrize("phase", ["chosen", "drained"])
def test_an_operator_that_dies_in_a_drain_is_followed_by_one_that_goes_on(
    operated: Operated, phase: str
):
    operated.wish(drain={"maxMovingPercent": 5 if phase == "chosen" else PERCENT})
    with talking(operated):
        operated.scale(1)
        wait_until(lambda: "drain" in operated.status, "a gateway is chosen")
        if phase == "drained":
            wait_until(lambda: 0 in operated.clients().values(), "it has no clients any more")
        operated.kill_operator()
        operated.wait_settled(1)
        operated.scale(2)
        operated.wait_settled(2)
    operated.wish(drain={"maxMovingPercent": PERCENT})


def test_while_gateways_cannot_be_asked_nobody_leaves_and_the_status_says_so(operated: Operated):
    """Here: they do not take the operator's token any more."""
    namespace = operated.release.namespace
    name = f"secret/{operated.release.base}-admin-token"
    (secret,) = (one for one in namespace.get("secrets") if name.endswith(one["metadata"]["name"]))
    before = operated.release.pod_names("gateway")
    operated.patch(name, {"data": dict.fromkeys(secret["data"], "d3Jvbmc=")})
    operated.scale(1)
    operated.wait("AbleToScale=False")
    assert "token" in operated.condition("MetricsAvailable")["message"]
    assert "connections" not in operated.status
    assert operated.release.pod_names("gateway") == before
    operated.patch(name, {"data": secret["data"]})
    operated.wait_settled(1)
    operated.wait("MetricsAvailable")
    operated.scale(2)
    operated.wait_settled(2)


def test_a_chatcluster_that_is_deleted_leaves_the_chat_as_it_is(operated: Operated):
    """And one that is made again takes it up; nothing waits for an operator."""
    body = operated.body
    assert "finalizers" not in body["metadata"]
    with talking(operated):
        before = operated.release.pod_names("gateway")
        operated.kubectl("delete", operated.name, "--timeout=10s")
        time.sleep(2)
        operated.make(body)
        operated.wait("Ready")
    assert operated.release.pod_names("gateway") == before
