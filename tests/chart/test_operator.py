"""The operator and its ChatCluster: what each owns, and what the operator may do."""

from __future__ import annotations

from typing import Any

import pytest

from charts.generate.settings_groups import group
from charts.generate.spec_fields import DECIDED, fields
from chat_operator.spec import ChatClusterSpec, Part, SecretKey, read_spec
from chatcluster.core.switch import Target
from tests.chart.cases import BY_HELM, MODE, SECRETS, every_case, everything
from tests.chart.chart import (
    Values,
    label_of,
    merged,
    of_kind,
    one,
    render,
    templates,
)

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
    assert (spec.hubs, spec.workers) == (Part(replicas=2), Part(replicas=1))


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
        assert names.admin_token is not None
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
    assert spec_of(SECRETS).objects.admin_token == SecretKey(name="my-admin", key="token")


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
    accepted = {"cluster": {"fanout": {"acceptSplitUsers": True}}}
    both = {"postgres": {"bundled": {"enabled": True}}, "worker": {"enabled": True}}
    before = templates(render(merged(both, accepted)))
    after = templates(render(merged(both, accepted, change)))
    for part in ("gateway", "worker"):
        name = f"Deployment/{BASE}-{part}"
        assert after[name] == before[name]


def test_without_an_operator_a_change_of_the_mode_replaces_the_gateways():
    name = f"Deployment/{BASE}-gateway"
    before, after = (templates(render(merged(BY_HELM, more))) for more in ({}, MODE["redis"]))
    assert after[name] != before[name]
