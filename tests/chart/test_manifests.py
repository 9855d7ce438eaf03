"""Whatever the values: manifests that Kubernetes takes, that fit together, and stay the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.chart.cases import CASES, SECRETS, every_case, everything
from tests.chart.chart import (
    CHART,
    NAMESPACE,
    RELEASE,
    Manifest,
    Values,
    containers,
    helm,
    label_of,
    merged,
    of_kind,
    one,
    render,
    render_anew,
    templates,
)
from tests.chart.schemas.bundle import defined

SCHEMAS = json.loads((Path(__file__).parent / "schemas" / "kubernetes.json").read_text())
SCHEMAS["$defs"] |= defined(yaml.safe_load((CHART / "crds" / "chatclusters.yaml").read_text()))

# What belongs to no namespace.
OF_ALL = ("ClusterRole", "ClusterRoleBinding")


def wrong_in(manifest: Manifest) -> list[str]:
    """What Kubernetes' own schema says against it."""
    kind = f"{manifest['apiVersion'].replace('/', '~1')}~1{manifest['kind']}"
    schema = {"$ref": f"#/$defs/{kind}", "$defs": SCHEMAS["$defs"]}
    return [
        f"{label_of(manifest)}: {error.json_path}: {error.message}"
        for error in jsonschema.Draft202012Validator(schema).iter_errors(manifest)
    ]


@every_case
def test_manifests_are_valid_for_kubernetes(values: Values):
    assert [wrong for manifest in render(values) for wrong in wrong_in(manifest)] == []


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (("spec", "replicaz"), 2, "'replicaz' was unexpected"),
        (("spec", "replicas"), "two", "'two' is not of type 'integer'"),
        (("metadata", "annotations"), None, "None is not of type 'object'"),
    ],
)
def test_a_manifest_that_kubernetes_would_refuse_is_found(path, value, sentence):
    manifest = json.loads(json.dumps(one(render({}), "Deployment", "gateway")))
    parent, last = manifest[path[0]], path[1]
    parent[last] = value
    assert sentence in "".join(wrong_in(manifest))


@every_case
def test_names_are_unique_and_everything_is_in_the_releases_namespace(values: Values):
    manifests = render(values)
    labels = [label_of(manifest) for manifest in manifests]
    assert len(labels) == len(set(labels))
    for manifest in manifests:
        home = None if manifest["kind"] in OF_ALL else NAMESPACE
        assert manifest["metadata"].get("namespace") == home


@every_case
def test_everything_has_the_recommended_labels(values: Values):
    for manifest in render(values):
        labels = manifest["metadata"]["labels"]
        assert labels["app.kubernetes.io/name"] == "chatcluster"
        assert labels["app.kubernetes.io/instance"] == RELEASE
        assert labels["app.kubernetes.io/managed-by"] == "Helm"
        assert labels["app.kubernetes.io/part-of"] == "chatcluster"
        assert labels.items() >= values.get("commonLabels", {}).items()


@every_case
def test_selectors_find_the_pods_that_they_mean(values: Values):
    manifests = render(values)
    for manifest in of_kind(manifests, "Deployment", "StatefulSet"):
        selector = manifest["spec"]["selector"]["matchLabels"]
        assert found_by(selector, manifests) == [label_of(manifest)]
    for manifest in of_kind(manifests, "PodDisruptionBudget"):
        assert len(found_by(manifest["spec"]["selector"]["matchLabels"], manifests)) == 1
    for manifest in of_kind(manifests, "NetworkPolicy"):
        assert len(found_by(manifest["spec"]["podSelector"]["matchLabels"], manifests)) == 1


def found_by(selector: dict[str, str], manifests: list[Manifest]) -> list[str]:
    return [
        name
        for name, pod in templates(manifests).items()
        if pod["metadata"]["labels"].items() >= selector.items()
    ]


@every_case
def test_services_lead_to_ports_that_are_there(values: Values):
    manifests = render(values)
    for service in of_kind(manifests, "Service"):
        (name,) = found_by(service["spec"]["selector"], manifests)
        pod = templates(manifests)[name]
        ports = {port["name"] for one in containers(pod) for port in one.get("ports", [])}
        for port in service["spec"]["ports"]:
            assert port["targetPort"] in ports
            assert port["targetPort"] != "admin"
            assert port["appProtocol"]


@every_case
def test_what_pods_refer_to_is_there(values: Values):
    """Config maps, secrets, accounts and volumes: of the release, or named in its values."""
    manifests = render(values)
    there = {label_of(manifest) for manifest in manifests}
    given = json.dumps(values)
    for pod in templates(manifests).values():
        for reference in references(pod["spec"]):
            assert reference in there or reference.removeprefix("Secret/") in given
        volumes = {volume["name"] for volume in pod["spec"].get("volumes", [])} | {"data"}
        for container in containers(pod):
            assert {mount["name"] for mount in container["volumeMounts"]} <= volumes


def references(spec: Manifest) -> set[str]:
    found = set()
    if "serviceAccountName" in spec:
        found.add(f"ServiceAccount/{spec['serviceAccountName']}")
    for volume in spec.get("volumes", []):
        if "configMap" in volume:
            found.add(f"ConfigMap/{volume['configMap']['name']}")
        if "secret" in volume:
            found.add(f"Secret/{volume['secret']['secretName']}")
    for container in (*spec.get("initContainers", []), *spec["containers"]):
        for variable in container.get("env", []):
            if "valueFrom" in variable:
                found.add(f"Secret/{variable['valueFrom']['secretKeyRef']['name']}")
    return found


@every_case
def test_no_variable_is_given_twice(values: Values):
    for pod in templates(render(values)).values():
        for container in containers(pod):
            names = [variable["name"] for variable in container.get("env", [])]
            assert len(names) == len(set(names))


def test_rendering_twice_gives_the_same_where_secrets_are_given():
    values = merged(everything("hub"), SECRETS, {"postgres": {"bundled": {"enabled": False}}})
    assert render_anew(values) == render_anew(values)


def test_what_is_generated_differs_each_time_and_is_long():
    first, second = (secrets(render_anew(everything("hub"))) for _ in range(2))
    assert len(first) == 5
    assert all(len(value) >= 40 for value in first.values())
    assert not set(first.values()) & set(second.values())


def secrets(manifests: list[Manifest]) -> dict[tuple[str, str], Any]:
    return {
        (label_of(secret), key): value
        for secret in of_kind(manifests, "Secret")
        for key, value in secret["data"].items()
    }


@pytest.mark.parametrize("case", ["defaults", "everything, hub", "everything by helm, hub"])
def test_helm_lint_finds_nothing(case):
    done = helm("lint", "--strict", str(CHART), values=CASES[case])
    assert done.returncode == 0, done.stdout
    assert "[WARNING]" not in done.stdout


@pytest.mark.parametrize(
    "release", ["a", "chatcluster", "x" * 53, "long-enough-to-be-cut-here--and-there"]
)
def test_names_of_pods_fit(release):
    """A gateway's pod is named after its Deployment, and its name is its host name too."""
    done = helm("template", release, str(CHART), "--set", "cluster.fanout.mode=hub")
    assert done.returncode == 0, done.stderr
    names = [
        manifest["metadata"]["name"]
        for manifest in yaml.safe_load_all(done.stdout)
        if manifest and manifest["kind"] not in OF_ALL
    ]
    assert max(map(len, names)) <= 63 - len("-gateway-1234567890-12345") + len("-gateway-pods")
    assert len(set(names)) > 5


def test_long_releases_do_not_meet():
    first, second = (
        helm("template", "x" * 52 + last, str(CHART)).stdout.splitlines() for last in "ab"
    )
    assert not {line for line in first if line.startswith("  name: ")} & set(second)
