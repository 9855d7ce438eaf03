"""A release of the chart, by helm."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from tests.chart.chart import CHART, Values, merged
from tests.e2e_cluster.kubectl import Namespace, Object, kubectl, run, wait_until

VALUES_OF_TESTS: Values = {
    "gateway": {
        "leaving": {"settleSeconds": 2, "drainSeconds": 4},
        "rollout": {"minReadySeconds": 1},
        "service": {"type": "NodePort"},
    },
}


def images() -> dict[str, Any]:
    """Values for images that are called otherwise than in the chart: E2E_IMAGE, E2E_OPERATOR_IMAGE,
    E2E_VALKEY_IMAGE and E2E_POSTGRES_IMAGE, each `repository:tag`.
    """
    values = {
        "image": _image("E2E_IMAGE"),
        "operator": {"image": _image("E2E_OPERATOR_IMAGE")},
        "valkey": {"image": _image("E2E_VALKEY_IMAGE")},
        "postgres": {"bundled": {"image": _image("E2E_POSTGRES_IMAGE")}},
    }
    return values


def _image(variable: str) -> dict[str, str]:
    repository, _, tag = os.environ.get(variable, "").rpartition(":")
    return {"repository": repository, "tag": tag} if repository else {}


class Release:
    """The chart in a namespace of its own, with *values* besides those of all tests."""

    def __init__(self, namespace: Namespace, values: Values | None = None) -> None:
        self.namespace = namespace
        self.name = "talk"
        self.base = f"{self.name}-chatcluster"
        self.values = merged(images(), VALUES_OF_TESTS, values or {})

    def install(self, *, seconds: int = 180) -> None:
        """Return when everything is ready."""
        self._deploy("install", self.values, seconds)

    def upgrade(self, values: Values | None = None, *, seconds: int = 180) -> None:
        """To its own values and these, for this once. Return when everything is ready."""
        self._deploy("upgrade", merged(self.values, values or {}), seconds)

    def rollback(self) -> None:
        """To what was in force before. Return when everything is ready."""
        self.helm("rollback", self.name, "--wait", "--timeout=120s")

    def test(self) -> str:
        """`helm test`; what its pod printed."""
        return self.helm("test", self.name, "--logs", "--timeout=120s")

    def uninstall(self) -> None:
        """Return when its pods are gone too."""
        self.helm("uninstall", self.name, "--wait", "--timeout=90s")
        wait_until(lambda: not self.namespace.names("pods"), "no pod is left")

    def status(self) -> str:
        status: str = json.loads(self.helm("status", self.name, "--output=json"))["info"]["status"]
        return status

    def pods(self, component: str) -> list[Object]:
        """Those that are not about to end."""
        found = self.namespace.get("pods", f"app.kubernetes.io/component={component}")
        return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]

    def pod_names(self, component: str) -> set[str]:
        return {pod["metadata"]["name"] for pod in self.pods(component)}

    def wait_for_drain(self) -> None:
        """Until gateways that were replaced have ended."""
        selector = "app.kubernetes.io/component=gateway"
        wait_until(
            lambda: self.namespace.names("pods", selector) == self.pod_names("gateway"),
            "old gateways have ended",
        )

    @property
    def url(self) -> str:
        """Where clients reach the Service from here.

        A node's address, or E2E_NODE_ADDRESS where that is not reached.
        """
        (service,) = (
            one
            for one in self.namespace.get("services")
            if one["metadata"]["name"] == f"{self.base}-gateway"
        )
        return f"http://{_node_address()}:{service['spec']['ports'][0]['nodePort']}"

    def helm(self, *arguments: str, values: Mapping[str, Any] | None = None) -> str:
        given = [] if values is None else ["--values=-"]
        return run(
            "helm",
            "--namespace",
            self.namespace.name,
            *arguments,
            *given,
            stdin=json.dumps(values),
            seconds=240,
        )

    def _deploy(self, how: str, values: Mapping[str, Any], seconds: int) -> None:
        arguments = [self.name, str(CHART), "--wait", f"--timeout={seconds}s"]
        try:
            self.helm(how, *arguments, values=values)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.namespace.report()}") from error


def _node_address() -> str:
    if given := os.environ.get("E2E_NODE_ADDRESS"):
        return given
    (node, *_) = json.loads(kubectl("get", "nodes", "--output=json"))["items"]
    (address,) = (
        one["address"] for one in node["status"]["addresses"] if one["type"] == "InternalIP"
    )
    return str(address)
