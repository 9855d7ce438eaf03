"""The operator as a part of the release: how it comes, is brought up to date, and goes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.e2e_cluster.conftest import MakeNamespace
from tests.e2e_cluster.kubectl import kubectl
from tests.e2e_cluster.release import Release

pytestmark = pytest.mark.timeout(240)

CRD = "chatclusters.chatcluster.dev"
SMALL = {
    "cluster": {"gateways": {"replicas": 1}, "fanout": {"mode": "isolated"}},
    "gateway": {"leaving": {"settleSeconds": 0, "drainSeconds": 0}},
    "history": {"store": "memory"},
    "valkey": {"enabled": False},
    "hub": {"replicas": 0},
}


def definition() -> dict[str, Any]:
    spec: dict[str, Any] = json.loads(kubectl("get", "crd", CRD, "--output=json"))["spec"]
    return spec


def test_an_upgrade_brings_the_crd_up_to_date_and_an_uninstall_needs_no_operator(
    make_namespace: MakeNamespace,
):
    namespace = make_namespace()
    before = namespace.everything()
    release = Release(namespace, SMALL)
    release.install()
    current = definition()
    (chat,) = namespace.get("chatclusters")
    ready = {one["type"]: one["status"] for one in chat["status"]["conditions"]}["Ready"]
    assert ready == "True"  # helm has waited for it
    assert "finalizers" not in chat["metadata"]

    older = [{"op": "replace", "path": "/spec/names/categories", "value": ["older"]}]
    kubectl("patch", "crd", CRD, "--type=json", f"--patch={json.dumps(older)}")
    assert definition() != current
    release.upgrade({"cluster": {"paused": "ScaleIn"}})
    assert definition() == current
    assert namespace.names("jobs") == set()
    (chat,) = namespace.get("chatclusters")
    assert chat["status"]["observedGeneration"] == chat["metadata"]["generation"]

    namespace.kubectl("scale", "deployment", f"{release.base}-operator", "--replicas=0")
    release.uninstall()
    assert namespace.everything() == before
