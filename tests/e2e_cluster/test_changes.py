"""What a crowd notices of changes of the release under it: nothing but a new connection.

None of its acknowledged messages is lost or doubled for anyone, and everybody is back.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.e2e.crowd import crowd
from tests.e2e_cluster.kubectl import wait_until
from tests.e2e_cluster.release import Release

pytestmark = [pytest.mark.node, pytest.mark.timeout(300)]

CLIENTS = 100
TALK_SECONDS = 3.0  # before and after


_places = itertools.count(1)


@contextmanager
def talking(release: Release) -> Iterator[dict[str, Any]]:
    """While a crowd talks; afterwards, what it saw."""
    seen: dict[str, Any] = {}
    place = f"place {next(_places)}"
    with crowd([release.url], clients=CLIENTS, place=place) as people:
        people.wait_ready()
        time.sleep(TALK_SECONDS)
        yield seen
        time.sleep(TALK_SECONDS)
        seen |= people.finish()
    print(seen)
    assert seen["problems"] == []
    assert seen["acked"] >= CLIENTS * TALK_SECONDS


def test_an_upgrade_that_replaces_every_gateway(release: Release):
    before = release.pod_names("gateway")
    with talking(release) as seen:
        release.upgrade({"gateway": {"podAnnotations": {"example.com/round": "2"}}})
        release.wait_for_drain()
    assert len(release.pod_names("gateway") - before) == len(before) == 2
    assert seen["reconnects"] >= CLIENTS


def test_an_upgrade_that_cannot_start_changes_nothing_and_is_rolled_back(release: Release):
    before = release.pod_names("gateway")
    with talking(release) as seen:
        with pytest.raises(AssertionError, match="deadline"):
            release.upgrade({"image": {"repository": "example.invalid/none"}}, seconds=25)
        assert release.status() == "failed"
        release.rollback()
    assert release.status() == "deployed"
    assert release.pod_names("gateway") == before
    assert seen["reconnects"] == 0


def test_a_valkey_that_is_deleted(release: Release):
    (before,) = release.pods("valkey")
    with talking(release) as seen:
        release.namespace.kubectl("delete", "pod", before["metadata"]["name"])
        wait_until(lambda: ready(release, before), "a new Valkey is ready")
    assert seen["reconnects"] == 0
    wait_until(lambda: all(is_ready(pod) for pod in release.pods("gateway")), "gateways are ready")


def ready(release: Release, before: dict[str, Any]) -> bool:
    return any(
        is_ready(pod) and pod["metadata"]["uid"] != before["metadata"]["uid"]
        for pod in release.pods("valkey")
    )


def is_ready(pod: dict[str, Any]) -> bool:
    return any(
        one["type"] == "Ready" and one["status"] == "True"
        for one in pod["status"].get("conditions", ())
    )
