"""What is taken from Kubernetes' descriptions of a release."""

from __future__ import annotations

from typing import Any

import pytest

from chat_local.doctor.examining import release_of
from chat_local.kubectl import Pod, running
from chat_local.places import Where, targets
from chatcluster.runtime.lifecycle import StartError


def pod(name: str = "talk-1", part: str = "gateway", **changes: Any) -> dict[str, Any]:
    labels = {"app.kubernetes.io/component": part, "app.kubernetes.io/instance": "talk"}
    admin = {"name": "admin", "containerPort": 9000}
    return {
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "nodeName": changes.get("node", "one"),
            "containers": [{"image": changes.get("image", "gateway:1"), "ports": [admin]}],
        },
        "status": {
            "phase": changes.get("phase", "Running"),
            "conditions": [{"type": "Ready", "status": changes.get("ready", "True")}],
            "containerStatuses": [{"restartCount": changes.get("restarts", 0)}],
        },
    }


def budget(**labels: str) -> dict[str, Any]:
    named = {f"app.kubernetes.io/{name}": value for name, value in labels.items()}
    return {"spec": {"selector": {"matchLabels": named}}}


def test_pods_that_run_and_have_an_admin_server_can_be_asked():
    without = pod("talk-3")
    without["spec"]["containers"][0]["ports"] = []
    pods = [pod(), pod("hub-1", "hub"), pod("talk-2", phase="Pending"), without, pod("db", "redis")]
    assert running(pods) == [Pod("talk-1", "gateway", 9000), Pod("hub-1", "hub", 9000)]


def test_a_release_is_counted():
    pods = [
        pod("talk-1"),
        pod("talk-2", node="two", ready="False", image="gateway:2", restarts=3),
        pod("hub-1", "hub", node="three"),
    ]
    release = release_of(pods, [])
    assert (release.gateways, release.ready, release.nodes) == (2, 1, 2)
    assert release.images == ("gateway:1", "gateway:2")
    assert release.restarts == {"talk-2": 3}
    assert not release.disruption_budget


@pytest.mark.parametrize(
    ("labels", "covers"),
    [
        ({"component": "gateway"}, True),
        ({"component": "gateway", "instance": "talk"}, True),
        ({"component": "gateway", "instance": "other"}, False),
        ({"component": "hub"}, False),
        ({}, False),
    ],
)
def test_a_budget_counts_if_it_covers_the_gateways(labels, covers):
    assert release_of([pod()], [budget(**labels)]).disruption_budget is covers


@pytest.mark.parametrize(
    ("where", "said"),
    [
        (Where(("http://x:1",), "talk"), "--admin and --release"),
        (Where(namespace="chat"), "--namespace"),
        (Where(("nonsense",)), "--admin='nonsense'"),
    ],
)
async def test_options_that_contradict_each_other_are_refused(where, said):
    with pytest.raises(StartError, match=said):
        async with targets(where):
            pass
