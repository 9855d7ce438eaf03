"""Gateways, hubs and workers as they run: probes, resources, leaving, rolling, spreading."""

from __future__ import annotations

import pytest

from tests.chart.cases import BY_HELM, EVERYTHING, MODE, every_case, everything
from tests.chart.chart import (
    Values,
    component,
    containers,
    merged,
    of_kind,
    one,
    render,
    templates,
)

OURS = {"gateway": 9000, "hub": 9100, "worker": 9200, "operator": 9300}


@every_case
def test_our_programs_are_probed_at_their_admin_ports(values: Values):
    for pod in templates(render(values)).values():
        if component(pod) not in OURS:
            continue
        (container,) = pod["spec"]["containers"]
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        assert ports["admin"] == OURS[component(pod)]
        for probe, path in (
            ("startup", "/healthz"),
            ("liveness", "/healthz"),
            ("readiness", "/readyz"),
        ):
            assert container[f"{probe}Probe"]["httpGet"] == {"path": path, "port": "admin"}


@every_case
def test_servers_are_probed(values: Values):
    for pod in templates(render(values)).values():
        if component(pod) in ("valkey", "postgres"):
            (container,) = pod["spec"]["containers"]
            assert container["readinessProbe"]["exec"]["command"]
            assert container["livenessProbe"]["tcpSocket"]


@every_case
def test_everything_asks_for_what_it_needs_and_only_memory_is_limited(values: Values):
    """A CPU limit throttles: everybody who is connected would wait."""
    for pod in templates(render(values)).values():
        for container in containers(pod):
            assert container["resources"]["requests"].keys() == {"cpu", "memory"}
            assert container["resources"]["limits"].keys() == {"memory"}


@every_case
def test_programs_of_ours_are_started_by_their_module(values: Values):
    for pod in templates(render(values)).values():
        if component(pod) in OURS:
            (container,) = pod["spec"]["containers"]
            assert container["command"] == ["python", "-m", f"chat_{component(pod)}"]


@pytest.mark.parametrize(
    ("drain", "seconds"),
    [
        ({}, 45),
        ({"settleSeconds": 0, "drainSeconds": 0, "allowanceSeconds": 5}, 5),
        ({"settleSeconds": 2.5, "drainSeconds": 0.25}, 13),
        ({"drainSeconds": 3600}, 3615),
    ],
)
def test_a_gateway_has_the_time_to_settle_to_drain_and_to_close(drain, seconds):
    deployment = one(render({"gateway": {"leaving": drain}}), "Deployment", "gateway")
    assert deployment["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] == seconds


def test_a_new_gateway_is_ready_before_an_old_one_leaves():
    spec = one(render({}), "Deployment", "gateway")["spec"]
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    assert spec["minReadySeconds"] == 5


def test_gateways_are_spread_over_nodes_and_zones_by_revision():
    spec = one(render({}), "Deployment", "gateway")["spec"]
    constraints = spec["template"]["spec"]["topologySpreadConstraints"]
    assert [constraint["topologyKey"] for constraint in constraints] == [
        "kubernetes.io/hostname",
        "topology.kubernetes.io/zone",
    ]
    for constraint in constraints:
        assert constraint["labelSelector"] == spec["selector"]
        assert constraint["matchLabelKeys"] == ["pod-template-hash"]


def test_one_gateway_at_a_time_is_evicted_and_a_broken_one_at_any_time():
    spec = one(render({}), "PodDisruptionBudget", "gateway")["spec"]
    assert spec["maxUnavailable"] == 1
    assert spec["unhealthyPodEvictionPolicy"] == "AlwaysAllow"


def test_the_chart_version_alone_moves_no_client():
    """Labels of pods are part of what a rollout is decided by."""
    for pod in templates(render(everything("hub"))).values():
        assert "helm.sh/chart" not in pod["metadata"]["labels"] or pod["kind"] == "Pod"


def test_each_hub_has_an_address_that_gateways_and_hubs_know():
    manifests = render(
        merged(MODE["hub"], BY_HELM, {"hub": {"replicas": 3, "broadcast": {"enabled": True}}})
    )
    hub, service = one(manifests, "StatefulSet", "hub"), one(manifests, "Service", "hub")
    assert hub["spec"]["replicas"] == 3
    assert service["spec"]["clusterIP"] == "None"
    assert service["spec"]["publishNotReadyAddresses"] is True
    name, domain = hub["metadata"]["name"], service["metadata"]["name"]
    urls = ",".join(f"http://{name}-{number}.{domain}:8100" for number in range(3))
    for pod in templates(manifests).values():
        if component(pod) in ("gateway", "hub"):
            (container,) = pod["spec"]["containers"]
            assert {"name": "CHAT_HUB_URLS", "value": urls} in container["env"]


@every_case
def test_hubs_are_there_in_their_mode_or_for_the_operator_to_start(values: Values):
    mode = values.get("cluster", {}).get("fanout", {}).get("mode", "adapter")
    operated = values.get("operator", {}).get("enabled", True)
    hubs = [name for name in templates(render(values)) if name.endswith("-hub")]
    assert bool(hubs) is (operated or mode == "hub")


def test_parts_go_where_they_are_told_to():
    for pod in templates(render(everything("hub"))).values():
        if component(pod) in ("postgres", "test"):
            continue
        assert pod["spec"]["priorityClassName"] == "high"
        assert pod["spec"]["nodeSelector"] == {"disk": "fast"}
        assert pod["spec"]["tolerations"] == EVERYTHING["gateway"]["tolerations"]
        assert pod["spec"]["affinity"] == {"nodeAffinity": {}}


def test_a_digest_wins_over_a_tag():
    image = {
        "repository": "registry.example.org/chat",
        "tag": "1.2",
        "digest": "sha256:" + "a" * 64,
    }
    (container,) = one(render({"image": image}), "Deployment", "gateway")["spec"]["template"][
        "spec"
    ]["containers"]
    assert container["image"] == "registry.example.org/chat@sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("affinity", "kind", "annotation"),
    [
        ("nginx", "Ingress", "nginx.ingress.kubernetes.io/affinity"),
        ("haproxy", "Service", "haproxy.org/cookie-persistence"),
        ("traefik", "Service", "traefik.ingress.kubernetes.io/service.sticky.cookie"),
    ],
)
def test_polling_clients_come_back_to_their_gateway_by_a_cookie(affinity, kind, annotation):
    ingress = {"enabled": True, "hosts": ["chat.example.org"], "affinity": affinity}
    assert (
        annotation in one(render({"ingress": ingress}), kind, "gateway")["metadata"]["annotations"]
    )


def test_annotations_of_ones_own_win():
    mine = {"nginx.ingress.kubernetes.io/session-cookie-name": "mine"}
    ingress = merged(EVERYTHING["ingress"], {"annotations": mine})
    annotations = one(render({"ingress": ingress}), "Ingress", "gateway")["metadata"]["annotations"]
    assert annotations.items() >= mine.items()


def test_volumes_outlive_the_release():
    for server in of_kind(render(everything("hub")), "StatefulSet"):
        if "volumeClaimTemplates" in server["spec"]:
            policy = server["spec"]["persistentVolumeClaimRetentionPolicy"]
            assert policy == {"whenDeleted": "Retain", "whenScaled": "Retain"}


@pytest.mark.parametrize("server", ["valkey", "postgres"])
def test_a_server_that_cannot_start_is_replaced_by_one_that_can(server):
    """Otherwise a mistake in its values could not be mended: the StatefulSet waits for its pod."""
    spec = one(render(everything("hub")), "StatefulSet", server)["spec"]
    assert spec["podManagementPolicy"] == "Parallel"
