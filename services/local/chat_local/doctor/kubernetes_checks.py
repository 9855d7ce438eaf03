"""What to look for in a release's objects."""

from __future__ import annotations

from collections.abc import Iterator

from chat_local.doctor.facts import Cluster
from chat_local.doctor.findings import Finding, advice, listed, problem


def a_budget_guards_gateways(cluster: Cluster) -> Iterator[Finding]:
    release = cluster.kubernetes
    if release and release.gateways > 1 and not release.disruption_budget:
        yield problem(
            "No PodDisruptionBudget covers the gateways: when nodes are drained, all may be "
            "evicted at once.",
            "Install the chart's (`gateway.podDisruptionBudget`), or one of your own.",
        )


def gateways_are_on_several_nodes(cluster: Cluster) -> Iterator[Finding]:
    release = cluster.kubernetes
    if release and release.gateways > 1 and release.nodes == 1:
        yield advice(
            f"All {release.gateways} gateways are on one node, and go with it.",
            "Add nodes; the chart spreads gateways over those that there are.",
        )


def pods_are_ready(cluster: Cluster) -> Iterator[Finding]:
    release = cluster.kubernetes
    if release and release.ready < release.gateways:
        yield problem(
            f"{release.gateways - release.ready} of {release.gateways} gateway pods are not ready.",
            "`kubectl describe pod` and `kubectl logs --previous` say why.",
        )


def pods_do_not_restart(cluster: Cluster) -> Iterator[Finding]:
    restarts = cluster.kubernetes.restarts if cluster.kubernetes else {}
    if restarts:
        said = listed(f"{pod} {count} times" for pod, count in restarts.items())
        yield advice(
            f"Pods were restarted: {said}.", "`kubectl logs --previous` says what they ended with."
        )


def images_are_the_same(cluster: Cluster) -> Iterator[Finding]:
    images = cluster.kubernetes.images if cluster.kubernetes else ()
    if len(images) > 1:
        yield advice(
            f"Gateways run different images: {listed(images)}.",
            "`kubectl rollout status` tells whether an upgrade is under way, or stuck.",
        )


KUBERNETES = (
    pods_are_ready,
    a_budget_guards_gateways,
    gateways_are_on_several_nodes,
    pods_do_not_restart,
    images_are_the_same,
)
