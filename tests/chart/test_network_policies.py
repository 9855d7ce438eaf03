"""Who may talk to whom: worked out from the NetworkPolicies as a network plugin does."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chart.cases import (
    EVERYTHING,
    MODE,
    OUTSIDE,
    every_case,
    everything,
    everything_by_helm,
)
from tests.chart.chart import (
    NAMESPACE,
    RELEASE,
    Manifest,
    Values,
    component,
    merged,
    of_kind,
    render,
    templates,
)

API_SERVER = ("outside", {})
PROMETHEUS = ("monitoring", {"app": "prometheus"})
STRANGER = ("elsewhere", {"app": "stranger"})
NEIGHBOUR = (NAMESPACE, {"app": "neighbour"})

Pod = tuple[str, dict[str, str]]  # its namespace and its labels


def part(name: str) -> Pod:
    labels = {
        "app.kubernetes.io/name": "chatcluster",
        "app.kubernetes.io/instance": RELEASE,
        "app.kubernetes.io/component": name,
    }
    return NAMESPACE, labels


def allowed(manifests: list[Manifest], source: Pod, target: Pod, port: int) -> bool:
    """Both ends have to agree; a pod that no policy selects agrees to everything."""
    return _agrees(manifests, source, target, port, "egress", "to") and _agrees(
        manifests, target, source, port, "ingress", "from"
    )


def _agrees(
    manifests: list[Manifest], own: Pod, other: Pod, port: int, direction: str, end: str
) -> bool:
    policies = [
        policy["spec"]
        for policy in of_kind(manifests, "NetworkPolicy")
        if policy["metadata"]["namespace"] == own[0]
        and own[1].items() >= policy["spec"]["podSelector"]["matchLabels"].items()
        and direction.capitalize() in policy["spec"]["policyTypes"]
    ]
    return not policies or any(
        _open(rule, other, port, end, own[0]) for spec in policies for rule in spec[direction]
    )


def _open(rule: dict[str, Any], other: Pod, port: int, end: str, home: str) -> bool:
    ports = rule.get("ports")
    if ports is not None and port not in {entry["port"] for entry in ports}:
        return False
    peers = rule.get(end)
    return peers is None or any(_is(peer, other, home) for peer in peers)


def _is(peer: dict[str, Any], other: Pod, home: str) -> bool:
    if "ipBlock" in peer:
        return other[0] == "outside"
    space = peer.get("namespaceSelector")
    here = other[0] == home if space is None else _matches(space, {SPACE: other[0]})
    return here and _matches(peer.get("podSelector", {}), other[1])


SPACE = "kubernetes.io/metadata.name"


def _matches(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    wanted: dict[str, str] = selector.get("matchLabels", {})
    return labels.items() >= wanted.items()


@every_case
def test_every_pod_is_under_a_policy_for_both_directions(values: Values):
    manifests = render(values)
    if not values.get("networkPolicy", {}).get("enabled", True):
        assert of_kind(manifests, "NetworkPolicy") == []
        return
    covered = {
        policy["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/component"]
        for policy in of_kind(manifests, "NetworkPolicy")
        if policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
    }
    assert covered == {component(pod) for pod in templates(manifests).values()}


@every_case
def test_only_gateways_workers_and_the_operator_reach_the_servers(values: Values):
    """The operator looks whether they answer, before it has gateways change to them."""
    manifests = render(values)
    if not of_kind(manifests, "NetworkPolicy"):
        return
    for server, port in (("valkey", 6379), ("postgres", 5432)):
        if server not in {component(pod) for pod in templates(manifests).values()}:
            continue
        assert allowed(manifests, part("gateway"), part(server), port)
        assert allowed(manifests, part("operator"), part(server), port) is brings_operator(values)
        for other in (part("hub"), part("test"), PROMETHEUS, NEIGHBOUR, STRANGER):
            assert not allowed(manifests, other, part(server), port)


def brings_operator(values: Values) -> bool:
    operator = values.get("operator", {})
    return bool(operator.get("enabled", True) and operator.get("install", True))


@every_case
def test_only_the_operator_and_prometheus_reach_admin_ports(values: Values):
    manifests = render(values)
    if not of_kind(manifests, "NetworkPolicy"):
        return
    there = {component(pod) for pod in templates(manifests).values()}
    ports = {"gateway": 9000, "hub": 9100, "worker": 9200, "operator": 9300}
    for name, port in ports.items():
        if name not in there:
            continue
        assert allowed(manifests, PROMETHEUS, part(name), port)
        if name in ("gateway", "worker"):
            asked = allowed(manifests, part("operator"), part(name), port)
            assert asked is brings_operator(values)
        for other in (part("gateway"), part("test"), NEIGHBOUR, STRANGER, ("outside", {})):
            assert not allowed(manifests, other, part(name), port)


@pytest.mark.parametrize("mode", MODE)
def test_programs_reach_what_any_mode_needs(mode):
    """The operator may change it at any time."""
    manifests = render(everything(mode))
    assert allowed(manifests, part("gateway"), part("valkey"), 6379)
    assert allowed(manifests, part("gateway"), part("postgres"), 5432)
    for name in ("gateway", "hub", "worker"):
        assert allowed(manifests, part(name), part("hub"), 8100)


def test_without_an_operator_hubs_are_reached_in_their_mode_only():
    for mode in MODE:
        manifests = render(everything_by_helm(mode))
        assert allowed(manifests, part("gateway"), part("valkey"), 6379)
        assert allowed(manifests, part("gateway"), part("hub"), 8100) is (mode == "hub")


def test_only_the_operator_and_the_job_of_the_upgrade_reach_the_api_server():
    manifests = render(everything("hub"))
    for name in {component(pod) for pod in templates(manifests).values()}:
        reaches = allowed(manifests, part(name), API_SERVER, 6443)
        assert reaches is (name in ("operator", "crd-upgrade"))


def test_an_operator_elsewhere_reaches_the_admin_ports():
    operator = {"namespaceSelector": {"matchLabels": {SPACE: "operators"}}}
    manifests = render({"operator": {"install": False}, "networkPolicy": {"operator": [operator]}})
    assert allowed(manifests, ("operators", {}), part("gateway"), 9000)
    assert not allowed(manifests, STRANGER, part("gateway"), 9000)
    assert not allowed(manifests, part("operator"), part("gateway"), 9000)


def test_everybody_reaches_the_gateways_unless_clients_are_named():
    for client in (STRANGER, NEIGHBOUR, ("outside", {}), part("test")):
        assert allowed(render({}), client, part("gateway"), 8000)
    named = render({"networkPolicy": {"clients": EVERYTHING["networkPolicy"]["clients"]}})
    assert allowed(named, ("outside", {}), part("gateway"), 8000)
    assert allowed(named, part("test"), part("gateway"), 8000)
    assert not allowed(named, STRANGER, part("gateway"), 8000)


def test_only_the_named_services_broadcast():
    shop = (NAMESPACE, {"app": "shop"})
    assert allowed(render(everything("hub")), shop, part("hub"), 8100)
    assert not allowed(render(MODE["hub"]), shop, part("hub"), 8100)


def test_servers_outside_are_reached_at_their_ports_and_no_other_door_is_open():
    manifests = render(OUTSIDE)
    for port, opened in ((6380, True), (6432, True), (6379, False), (5432, False), (443, False)):
        assert allowed(manifests, part("gateway"), ("outside", {}), port) is opened
    more = render(merged(OUTSIDE, {"networkPolicy": EVERYTHING["networkPolicy"]}))
    assert allowed(more, part("gateway"), ("outside", {}), 443)


def test_servers_of_the_release_go_nowhere():
    for server in ("valkey", "postgres"):
        assert not allowed(render(everything("hub")), part(server), ("outside", {}), 443)
