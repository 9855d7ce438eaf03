"""Every pod meets the Pod Security Standard `restricted`, and a little more.

Source: kubernetes.io, Pod Security Standards (baseline and restricted), for Linux.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator

import pytest

from tests.chart.cases import every_case
from tests.chart.chart import Manifest, Values, component, containers, one, render, templates

VOLUMES = {
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
}
SECCOMP = ("RuntimeDefault", "Localhost")


def violations(pod: Manifest) -> Iterator[str]:
    """Against the standard `restricted`, which includes `baseline`."""
    spec = pod["spec"]
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(field):
            yield field
    for volume in spec.get("volumes", []):
        if not volume.keys() - {"name"} <= VOLUMES:
            yield f"volume {volume['name']}"
    whole = spec.get("securityContext", {})
    if whole.get("sysctls"):
        yield "sysctls"
    for container in containers(pod):
        for problem in _of_container(container, whole):
            yield f"{container['name']}: {problem}"


def _of_container(container: Manifest, whole: Manifest) -> Iterator[str]:
    own = container.get("securityContext", {})
    context = {**whole, **own}
    capabilities = own.get("capabilities", {})
    checks = {
        "privileged": own.get("privileged", False),
        "allowPrivilegeEscalation": own.get("allowPrivilegeEscalation", True),
        "runAsNonRoot": not context.get("runAsNonRoot", False),
        "runAsUser": context.get("runAsUser", 1) == 0,
        "seccompProfile": context.get("seccompProfile", {}).get("type") not in SECCOMP,
        "appArmorProfile": context.get("appArmorProfile", {}).get("type") == "Unconfined",
        "procMount": own.get("procMount", "Default") != "Default",
        "capabilities.drop": "ALL" not in capabilities.get("drop", []),
        "capabilities.add": not set(capabilities.get("add", [])) <= {"NET_BIND_SERVICE"},
        "hostPort": any("hostPort" in port for port in container.get("ports", [])),
        "host of a probe": any(
            "host" in handler
            for name in ("livenessProbe", "readinessProbe", "startupProbe")
            for handler in container.get(name, {}).values()
            if isinstance(handler, dict)
        ),
    }
    yield from (name for name, violated in checks.items() if violated)


@every_case
def test_pods_are_restricted(values: Values):
    pods = templates(render(values))
    assert [(name, found) for name, pod in pods.items() for found in violations(pod)] == []


@every_case
def test_pods_write_only_where_they_have_to(values: Values):
    for pod in templates(render(values)).values():
        for container in containers(pod):
            assert container["securityContext"]["readOnlyRootFilesystem"] is True


@every_case
def test_pods_know_nothing_of_the_api_server_and_of_other_services(values: Values):
    """But for those whose work is there."""
    for pod in templates(render(values)).values():
        asks = component(pod) in ("operator", "crd-upgrade")
        assert pod["spec"]["automountServiceAccountToken"] is asks
        assert pod["spec"]["enableServiceLinks"] is False


def test_each_program_has_an_account_of_its_own():
    pods = templates(render({"worker": {"enabled": True}, "cluster": {"fanout": {"mode": "hub"}}}))
    accounts = [pod["spec"].get("serviceAccountName") for pod in pods.values()]
    assert len(set(accounts)) == len(accounts)


CONTAINER = ("spec", "containers", 0)
CONTEXT = (*CONTAINER, "securityContext")


@pytest.mark.parametrize(
    ("path", "value", "found"),
    [
        (("spec", "hostNetwork"), True, "hostNetwork"),
        (("spec", "volumes"), [{"name": "root", "hostPath": {"path": "/"}}], "volume root"),
        (("spec", "securityContext", "sysctls"), [{"name": "a", "value": "1"}], "sysctls"),
        (("spec", "securityContext", "seccompProfile"), {}, "gateway: seccompProfile"),
        (("spec", "securityContext", "runAsNonRoot"), False, "gateway: runAsNonRoot"),
        ((*CONTEXT, "runAsUser"), 0, "gateway: runAsUser"),
        ((*CONTEXT, "privileged"), True, "gateway: privileged"),
        ((*CONTEXT, "allowPrivilegeEscalation"), True, "gateway: allowPrivilegeEscalation"),
        ((*CONTEXT, "capabilities"), {"drop": ["NET_RAW"]}, "gateway: capabilities.drop"),
        (
            (*CONTEXT, "capabilities"),
            {"drop": ["ALL"], "add": ["SYS_ADMIN"]},
            "gateway: capabilities.add",
        ),
        ((*CONTEXT, "procMount"), "Unmasked", "gateway: procMount"),
        ((*CONTEXT, "appArmorProfile"), {"type": "Unconfined"}, "gateway: appArmorProfile"),
        ((*CONTAINER, "ports"), [{"hostPort": 80}], "gateway: hostPort"),
        (
            (*CONTAINER, "livenessProbe"),
            {"httpGet": {"host": "example.org"}},
            "gateway: host of a probe",
        ),
    ],
    ids=lambda part: part if isinstance(part, str) else None,
)
def test_what_the_standard_forbids_is_found(path, value, found):
    pod = copy.deepcopy(one(render({}), "Deployment", "gateway")["spec"]["template"])
    place = pod
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert found in list(violations(pod))
