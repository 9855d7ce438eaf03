"""What the pods of a release may do, asked of the API server and seen from inside."""

from __future__ import annotations

import subprocess

import pytest

from tests.e2e_cluster.kubectl import Object
from tests.e2e_cluster.release import Release

pytestmark = pytest.mark.timeout(240)

PROGRAMS = ("gateway", "valkey")


@pytest.mark.parametrize("component", PROGRAMS)
def test_a_service_account_has_no_rights_but_those_of_every_account(
    release: Release, component: str
):
    assert rights(release, account(release, component)) == rights(release, "nobody")


def test_the_operator_does_what_its_work_is_and_nothing_else(release: Release):
    base = release.base
    mine = [
        ("patch", f"deployments.apps/{base}-gateway", "scale"),
        ("patch", f"statefulsets.apps/{base}-hub", "scale"),
        ("patch", f"chatclusters.chatcluster.dev/{base}", "status"),
        ("patch", f"configmaps/{base}-fanout", ""),
        ("get", f"secrets/{base}-admin-token", ""),
        ("patch", "pods", ""),
        ("create", "events", ""),
    ]
    others = [
        ("patch", f"deployments.apps/{base}-operator", "scale"),
        ("patch", f"deployments.apps/{base}-gateway", ""),
        ("patch", f"statefulsets.apps/{base}-valkey", "scale"),
        ("patch", f"configmaps/{base}-valkey", ""),
        ("get", f"secrets/{base}-valkey", ""),
        ("list", "secrets", ""),
        ("delete", "pods", ""),
        ("create", "pods", "exec"),
        ("patch", "customresourcedefinitions.apiextensions.k8s.io", ""),
    ]
    who = account(release, "operator")
    assert [one for one in mine if not may(release, who, *one)] == []
    assert [one for one in others if may(release, who, *one)] == []


def may(release: Release, name: str, verb: str, what: str, subresource: str) -> bool:
    who = f"system:serviceaccount:{release.namespace.name}:{name}"
    given = [f"--subresource={subresource}"] if subresource else []
    done = subprocess.run(
        [
            *("kubectl", "--namespace", release.namespace.name, "auth", "can-i", "--quiet"),
            *(verb, what, f"--as={who}", *given),
        ],
        check=False,
        timeout=60,
    )
    return done.returncode == 0


@pytest.mark.parametrize("component", PROGRAMS)
def test_a_pod_has_no_token_and_writes_to_no_file_of_its_image(release: Release, component: str):
    (pod, *_) = release.pods(component)
    for command in ("test -e /var/run/secrets/kubernetes.io", "touch /etc/x", "touch /usr/local/x"):
        assert in_pod(release, pod, command) != 0, command
    assert in_pod(release, pod, "touch /tmp/x || touch /data/x") == 0
    assert in_pod(release, pod, "test $(id -u) != 0") == 0


def test_what_the_cluster_has_is_what_was_rendered_of_network_policies(release: Release):
    """Whether they are enforced is the network plugin's part."""
    policies = release.namespace.get("networkpolicies")
    covered = {
        pod["metadata"]["name"]
        for pod in release.namespace.get("pods")
        for policy in policies
        if selects(policy["spec"]["podSelector"]["matchLabels"], pod)
        and set(policy["spec"]["policyTypes"]) == {"Ingress", "Egress"}
    }
    assert covered == release.namespace.names("pods")
    (for_valkey,) = (
        policy
        for policy in policies
        if policy["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/component"] == "valkey"
    )
    (rule,) = for_valkey["spec"]["ingress"]
    assert all(set(peer) == {"podSelector"} for peer in rule["from"])
    let_in = {
        pod["metadata"]["labels"]["app.kubernetes.io/component"]
        for pod in release.namespace.get("pods")
        for peer in rule["from"]
        if selects(peer["podSelector"]["matchLabels"], pod)
    }
    assert let_in == {"gateway", "operator"}


def account(release: Release, component: str) -> str:
    (name,) = {pod["spec"]["serviceAccountName"] for pod in release.pods(component)}
    return str(name)


def rights(release: Release, name: str) -> set[str]:
    """Of a service account, which need not be there, in the release's namespace."""
    who = f"system:serviceaccount:{release.namespace.name}:{name}"
    return set(release.namespace.kubectl("auth", "can-i", "--list", f"--as={who}").splitlines())


def selects(labels: dict[str, str], pod: Object) -> bool:
    return bool(labels.items() <= pod["metadata"]["labels"].items())


def in_pod(release: Release, pod: Object, command: str) -> int:
    """The exit code of a shell's command."""
    name, namespace = pod["metadata"]["name"], release.namespace.name
    return subprocess.run(
        ["kubectl", "--namespace", namespace, "exec", name, "--", "sh", "-c", command],
        capture_output=True,
        check=False,
        timeout=60,
    ).returncode
