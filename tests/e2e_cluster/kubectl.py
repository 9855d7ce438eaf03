"""The cluster that KUBECONFIG names, of whatever kind, by kubectl."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from typing import Any

from tests.servers import missing

Object = dict[str, Any]
POLL_SECONDS = 0.3


def run(*command: str, stdin: str | None = None, seconds: float = 120) -> str:
    """What *command* prints. Raises AssertionError with what it complained about."""
    done = subprocess.run(
        command, input=stdin, capture_output=True, text=True, timeout=seconds, check=False
    )
    assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout}{done.stderr}"
    return done.stdout


def kubectl(*arguments: str, stdin: str | None = None, seconds: float = 120) -> str:
    return run("kubectl", *arguments, stdin=stdin, seconds=seconds)


def need_cluster() -> None:
    """Skips the test (in CI: fails) where there is no cluster to test on."""
    for program in ("kubectl", "helm"):
        if shutil.which(program) is None:
            missing(program)
    if not os.environ.get("KUBECONFIG"):
        missing("KUBECONFIG, which names the cluster to test on,")
    kubectl("version", "--request-timeout=20s")


def wait_until(true: Callable[[], bool], what: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"{what}: not within {seconds:g} s"
        time.sleep(POLL_SECONDS)


class Namespace:
    """A namespace of a test's own, in which only restricted pods are let in."""

    def __init__(self, name: str) -> None:
        self.name = name

    def create(self) -> None:
        kubectl("create", "namespace", self.name)
        kubectl("label", "namespace", self.name, "pod-security.kubernetes.io/enforce=restricted")

    def delete(self) -> None:
        kubectl("delete", "namespace", self.name, "--wait=false")

    def kubectl(self, *arguments: str, stdin: str | None = None, seconds: float = 120) -> str:
        return kubectl("--namespace", self.name, *arguments, stdin=stdin, seconds=seconds)

    def get(self, kind: str, selector: str = "") -> list[Object]:
        """Objects of a *kind* (or of several, with commas), that *selector* matches."""
        found: list[Object] = json.loads(
            self.kubectl("get", kind, "--output=json", f"--selector={selector}")
        )["items"]
        return found

    def names(self, kind: str, selector: str = "") -> set[str]:
        return {one["metadata"]["name"] for one in self.get(kind, selector)}

    def everything(self) -> set[str]:
        """`kind/name` of all that is here, but for what is always there, and Events."""
        kinds = kubectl("api-resources", "--namespaced", "--verbs=list", "--output=name").split()
        kinds = [kind for kind in kinds if kind.partition(".")[0] != "events"]
        lines = self.kubectl("get", ",".join(kinds), "--output=name").split()
        return set(lines) - {"configmap/kube-root-ca.crt", "serviceaccount/default"}

    def report(self) -> str:
        """For whoever has to find out why something is not ready."""
        pods = self.kubectl("get", "pods", "--output=wide")
        events = self.kubectl("get", "events", "--sort-by=.lastTimestamp")
        logs = [
            f"--- {name}\n"
            + subprocess.run(
                [
                    "kubectl",
                    "--namespace",
                    self.name,
                    "logs",
                    name,
                    "--all-containers",
                    "--tail=20",
                ],
                capture_output=True,
                text=True,
                check=False,
                timeout=30,
            ).stdout
            for name in sorted(self.names("pods"))
        ]
        return "\n".join([pods, "\n".join(events.splitlines()[-20:]), *logs])
