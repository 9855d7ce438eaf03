"""What the operator may do, what it is told, and the job that brings the CRD up to date."""

from __future__ import annotations

from typing import Any

import pytest

from chat_operator.settings import OperatorSettings
from chatcluster.runtime.common_settings import load
from tests.chart.cases import BY_HELM
from tests.chart.chart import NAMESPACE, Manifest, Values, label_of, of_kind, one, render
from tests.chart.test_settings import environment

BASE = "talk-chatcluster"


def rules(kind: str, name: str, values: Values) -> list[dict[str, Any]]:
    manifests = render(values)
    (role,) = (one for one in of_kind(manifests, kind) if one["metadata"]["name"] == name)
    (binding,) = (
        one for one in of_kind(manifests, f"{kind}Binding") if one["metadata"]["name"] == name
    )
    assert binding["roleRef"] == {
        "apiGroup": "rbac.authorization.k8s.io",
        "kind": kind,
        "name": name,
    }
    (subject,) = binding["subjects"]
    assert subject["namespace"] == NAMESPACE
    assert f"ServiceAccount/{subject['name']}" in {label_of(one) for one in manifests}
    found: list[dict[str, Any]] = role["rules"]
    return found


def may(rules: list[dict[str, Any]], verb: str, resource: str, name: str = "any") -> bool:
    return any(
        verb in rule["verbs"]
        and resource in rule["resources"]
        and name in rule.get("resourceNames", [name])
        for rule in rules
    )


def test_an_operator_of_its_own_namespace_writes_to_the_objects_of_its_release_alone():
    own = rules("Role", f"{BASE}-operator", {"worker": {"enabled": True}})
    for resource, names in {
        "deployments/scale": [f"{BASE}-gateway", f"{BASE}-worker"],
        "statefulsets/scale": [f"{BASE}-hub"],
        "configmaps": [f"{BASE}-fanout"],
        "chatclusters/status": [BASE],
        "chatclusters/scale": [BASE],
    }.items():
        assert not may(own, "patch", resource)
        assert all(may(own, "patch", resource, name) for name in names)
    assert may(own, "get", "secrets", f"{BASE}-admin-token")
    for name in ("any", f"{BASE}-valkey", f"{BASE}-hub-tokens"):
        assert not may(own, "get", "secrets", name)
    assert of_kind(render({"operator": {"crdUpgrade": {"enabled": False}}}), "ClusterRole") == []


@pytest.mark.parametrize("wide", [False, True])
def test_an_operator_creates_nothing_but_events_and_deletes_nothing(wide):
    name = f"{NAMESPACE}-{BASE}-operator" if wide else f"{BASE}-operator"
    kind = "ClusterRole" if wide else "Role"
    given = rules(kind, name, {"operator": {"clusterWide": wide}})
    verbs = {verb for rule in given for verb in rule["verbs"]}
    assert verbs == {"get", "list", "watch", "patch", "create"}
    assert [rule["resources"] for rule in given if "create" in rule["verbs"]] == [["events"]]
    assert not any("*" in rule["resources"] + rule["apiGroups"] for rule in given)
    assert not may(given, "list", "secrets")


def test_the_operator_is_told_what_is_its_own(monkeypatch: pytest.MonkeyPatch):
    for values, namespaces, names in (
        ({}, (NAMESPACE,), (BASE,)),
        ({"operator": {"clusterWide": True}}, (), ()),
    ):
        operator = one(render(values), "Deployment", "operator")
        with monkeypatch.context() as patch:
            for name, value in environment(operator["spec"]["template"]).items():
                patch.setenv(name, value)
            told = load(OperatorSettings)
        assert (told.operator_namespaces, told.operator_names) == (namespaces, names)
        lease = one(render(values), "Lease", "operator")["metadata"]
        assert (told.operator_lease, told.operator_lease_namespace) == (
            lease["name"],
            lease["namespace"],
        )
        assert told.admin_port == 9300


def crd_job(values: Values) -> list[Manifest]:
    return [
        manifest
        for manifest in render(values)
        if manifest["metadata"].get("annotations", {}).get("helm.sh/hook") == "pre-upgrade"
    ]


def test_the_crd_is_brought_up_to_date_before_an_upgrade():
    hooks = {manifest["kind"]: manifest for manifest in crd_job({})}
    assert set(hooks) == {"ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Job"}
    (container,) = hooks["Job"]["spec"]["template"]["spec"]["containers"]
    assert container["command"] == ["python", "-m", "chat_operator.apply_crd"]
    assert container["image"] == "chatcluster-operator:0.1.0"
    (rule,) = hooks["ClusterRole"]["rules"]
    assert rule["resourceNames"] == ["chatclusters.chatcluster.dev"]
    assert rule["verbs"] == ["get", "patch"]
    for manifest in hooks.values():
        policy = manifest["metadata"]["annotations"]["helm.sh/hook-delete-policy"]
        assert "hook-succeeded" in policy.split(",")


@pytest.mark.parametrize(
    "values", [BY_HELM, {"operator": {"crdUpgrade": {"enabled": False}}}], ids=["helm", "by hand"]
)
def test_there_is_no_such_job_where_nobody_needs_it(values):
    assert crd_job(values) == []
