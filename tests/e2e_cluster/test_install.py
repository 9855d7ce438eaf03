"""From nothing to a chat, and back to nothing."""

from __future__ import annotations

import time

import pytest

from tests.e2e.clients import NODE, Clients
from tests.e2e_cluster.conftest import MakeNamespace
from tests.e2e_cluster.release import Release

pytestmark = [pytest.mark.node, pytest.mark.timeout(240)]

ON_POSTGRES = {
    "cluster": {"fanout": {"mode": "postgres"}},
    "history": {"store": "postgres"},
    "valkey": {"enabled": False},
    "postgres": {"bundled": {"enabled": True}},
}


@pytest.mark.parametrize("values", [{}, ON_POSTGRES], ids=["valkey", "postgres"])
async def test_a_release_that_was_uninstalled_leaves_its_volume_from_which_the_next_one_goes_on(
    make_namespace: MakeNamespace, clients: Clients, values
):
    """Ready from nothing in 90 seconds, each time."""
    namespace = make_namespace()
    before = namespace.everything()
    release = Release(namespace, values)
    began = time.monotonic()
    release.install(seconds=90)
    print(f"ready after {time.monotonic() - began:.0f} s")
    ada = await clients.connect(release.url, kind=NODE)
    await ada.ask("join", "tea")
    said = await ada.ask("chat message", {"room": "tea", "message": "before"})

    release.uninstall()

    left = namespace.everything() - before
    assert {name.partition("/")[0] for name in left} == {"persistentvolumeclaim"}, left

    release.install(seconds=90)
    bob = await clients.connect(release.url, kind=NODE)
    joined = await bob.ask("join", "tea")
    assert [one["id"] for one in joined["messages"]] == [said["id"]]
    release.uninstall()
