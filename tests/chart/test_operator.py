"""The operator and its ChatCluster: what each owns, and what the operator may do."""

from __future__ import annotations

from typing import Any

import pytest

from charts.generate.settings_groups import group
from charts.generate.spec_fields import DECIDED, fields
from chat_operator.settings import OperatorSettings
from chat_operator.spec import ChatClusterSpec, read_spec
from chatcluster.core.switch import Target
from chatcluster.runtime.common_settings import load
from tests.chart.cases import BY_HELM, MODE, SECRETS, every_case, everything
from tests.chart.chart import (
    NAMESPACE,
    Manifest,
    Values,
    label_of,
    merged,
    of_kind,
    one,
    render,
    templates,
)
from tests.chart.test_settings import environment

BASE = "talk-chatcluster"


def spec_of(values: Values) -> ChatClusterSpec:
    """As the operator reads it."""
    return read_spec(one(render(values), "ChatCluster", "")["spec"])


@every_case
def test_there_is_a_chatcluster_that_the_operator_reads_where_there_is_one(values: Values):
    found = of_kind(render(values), "ChatCluster")
    if not values.get("operator", {}).get("enabled", True):
        assert found == []
        return
    spec = read_spec(found[0]["spec"])
    assert spec.fanout.mode == values.get("cluster", {}).get("fanout", {}).get("mode", "adapter")


def test_what_is_wanted_arrives_as_it_was_said():
    spec = spec_of(everything("adapter"))
    assert spec.fanout.target == Target(
        "adapter", {"adapter_protocol": "streams", "adapter_max_len": 1_000_000}
    )
    assert spec.gateways.autoscale is not None
    assert (spec.gateways.autoscale.min, spec.gateways.autoscale.max) == (3, 9)
    assert spec.gateways.replicas is None
    assert (spec.drain.max_moving_percent, spec.drain.timeout_seconds) == (5, 900)
    assert (spec.rebalance.enabled, spec.paused) == (True, "ScaleIn")
    assert (spec.hubs.replicas, spec.workers.replicas) == (2, 1)


@pytest.mark.parametrize(
    ("gateways", "replicas", "external"),
    [({}, 2, False), ({"replicas": 5}, 5, False), ({"external": True}, None, True)],
)
def test_somebody_says_how_many_gateways_there_are(gateways, replicas, external):
    spec = spec_of({"cluster": {"gateways": gateways}}).gateways
    assert (spec.replicas, spec.external) == (replicas, external)


def test_every_field_of_the_spec_is_a_value_or_is_decided_by_the_chart():
    values = {".".join(path) for path in spec_values()}
    assert values == {".".join(path) for path in spec_fields()}


def spec_fields(path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    for name in fields(path):
        below = fields((*path, name))
        if (*path, name) in BLOCKS or not below:
            found.append((*path, name))
        elif path or name not in DECIDED:
            found += spec_fields((*path, name))
    return found


# Values that are not written out key by key.
BLOCKS = {
    ("gateways", "autoscale"),
    *(("fanout", mode) for mode in ("adapter", "redis", "postgres", "hub")),
}


def spec_values() -> list[tuple[str, ...]]:
    from tests.chart.test_values import VALUES

    return [
        value.path[1:] for value in VALUES if value.path[0] == "cluster" and value.children is None
    ]


@pytest.mark.parametrize("mode", ["adapter", "redis", "postgres", "hub"])
def test_the_settings_of_a_mode_are_those_of_the_spec(mode):
    keys = {setting.key for setting in group("cluster", f"{mode}_")}
    assert keys == set(fields(("fanout", mode)))


@every_case
def test_what_the_chatcluster_names_is_there(values: Values):
    manifests = render(values)
    for chat in of_kind(manifests, "ChatCluster"):
        names = read_spec(chat["spec"]).objects
        wanted = {
            f"Deployment/{names.gateways.deployment}",
            f"ConfigMap/{names.fanout.name}",
            f"Secret/{names.admin_token.name}",
        }
        if names.hubs:
            wanted.add(f"StatefulSet/{names.hubs.stateful_set}")
        if names.workers:
            wanted.add(f"Deployment/{names.workers.deployment}")
        given = {f"Secret/{values.get('admin', {}).get('token', {}).get('existingSecret')}"}
        assert wanted <= {label_of(manifest) for manifest in manifests} | given


def test_a_secret_of_ones_own_is_named_too():
    token = spec_of(SECRETS).objects.admin_token
    assert (token.name, token.key) == ("my-admin", "token")


@every_case
def test_what_the_operator_writes_is_not_rendered(values: Values):
    """A field that two write is a conflict, or is undone by the next upgrade."""
    manifests = render(values)
    scaled = [
        *of_kind(manifests, "Deployment"),
        *(one for one in of_kind(manifests, "StatefulSet") if label_of(one).endswith("-hub")),
    ]
    operated = bool(of_kind(manifests, "ChatCluster"))
    for workload in scaled:
        own = label_of(workload).endswith("-operator")
        assert ("replicas" in workload["spec"]) is (own or not operated)
    assert ("data" in one(manifests, "ConfigMap", "fanout")) is not operated
    for lease in of_kind(manifests, "Lease"):
        assert "spec" not in lease


CHANGES: dict[str, dict[str, Any]] = {
    **{f"mode {mode}": {"cluster": {"fanout": {"mode": mode}}} for mode in MODE},
    "its settings": {
        "cluster": {
            "fanout": {
                "adapter": {"protocol": "sharded"},
                "redis": {"events": ["typing"]},
                "postgres": {"keepSeconds": 60},
                "hub": {"routes": {"/room": ["http://rooms:8100"]}},
            }
        }
    },
    "gateways": {"cluster": {"gateways": {"autoscale": {"max": 9, "connectionsPerGateway": 1}}}},
    "the rest": {"cluster": {"drain": {"maxMovingPercent": 1}, "paused": "All"}},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_the_operator_changes_restarts_no_gateway(change):
    both = {"postgres": {"bundled": {"enabled": True}}, "worker": {"enabled": True}}
    both |= {"cluster": {"fanout": {"acceptSplitUsers": True}}}
    before, after = (templates(render(merged(both, more))) for more in ({}, change))
    for part in ("gateway", "worker"):
        name = f"Deployment/{BASE}-{part}"
        assert after[name] == before[name]


def test_without_an_operator_a_change_of_the_mode_replaces_the_gateways():
    name = f"Deployment/{BASE}-gateway"
    before, after = (templates(render(merged(BY_HELM, more))) for more in ({}, MODE["redis"]))
    assert after[name] != before[name]


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
