"""Programs of a release on Kubernetes, reached by the `kubectl` of whoever looks.

It has the credentials and the way in: a port-forward goes through the API server and the kubelet,
past network policies, and needs no more rights than on `pods/portforward`.
"""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import orjson

from chatcluster.connections.ending import end
from chatcluster.runtime.lifecycle import StartError

SECONDS = 20.0  # for an answer
PARTS = ("gateway", "hub", "worker")

_FORWARDED = re.compile(r"Forwarding from (127\.0\.0\.1:\d+)")
_INSTANCE, _PART = "app.kubernetes.io/instance", "app.kubernetes.io/component"


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod of the release that runs; `part` is one of PARTS."""

    name: str
    part: str
    port: int  # of its admin server


class Kubectl:
    """Asks about *release* in *namespace* ("": that of the kubeconfig)."""

    def __init__(self, release: str, namespace: str = "", *, command: str = "kubectl") -> None:
        self._command = command
        self._release = release
        self._options = [f"--namespace={namespace}"] if namespace else []

    async def pods(self) -> list[dict[str, Any]]:
        """The release's pods, as Kubernetes describes them. Raises StartError."""
        return await self._items(
            "pods", f"{_INSTANCE}={self._release},{_PART} in (gateway,hub,worker)"
        )

    async def budgets(self) -> list[dict[str, Any]]:
        """All PodDisruptionBudgets of the namespace. Raises StartError."""
        return await self._items("poddisruptionbudgets", "")

    async def admin_token(self) -> str:
        """What the release's admin servers want to be shown, if the chart has made it; "" else.
        Raises StartError.
        """
        secrets = await self._items("secrets", f"{_INSTANCE}={self._release},{_PART}=admin")
        tokens = [secret.get("data", {}).get("token", "") for secret in secrets]
        return base64.b64decode(tokens[0]).decode() if tokens else ""

    @asynccontextmanager
    async def forwarded(self, pod: Pod) -> AsyncIterator[str]:
        """An address on this machine that leads to *pod*'s admin server. Raises StartError."""
        process = await self._start(
            "port-forward", "--address=127.0.0.1", f"pod/{pod.name}", f":{pod.port}"
        )
        assert process.stdout is not None
        assert process.stderr is not None
        errors = asyncio.create_task(process.stderr.read())
        rest: asyncio.Task[bytes] | None = None
        try:
            async with asyncio.timeout(SECONDS):
                line = (await process.stdout.readline()).decode()
            if (found := _FORWARDED.search(line)) is None:
                raise StartError(f"kubectl port-forward pod/{pod.name}: {(await errors).decode()}")
            rest = asyncio.create_task(process.stdout.read())  # lest it stops at a full pipe
            yield f"http://{found[1]}"
        except TimeoutError as error:
            raise StartError(f"kubectl port-forward pod/{pod.name}: no answer") from error
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()
            await end([errors, *([rest] if rest else [])])

    async def _items(self, kind: str, selector: str) -> list[dict[str, Any]]:
        options = [f"--selector={selector}"] if selector else []
        process = await self._start("get", kind, "--output=json", *options)
        try:
            async with asyncio.timeout(SECONDS):
                output, errors = await process.communicate()
        except TimeoutError as error:
            process.kill()
            await process.wait()
            raise StartError(f"kubectl get {kind}: no answer within {SECONDS:g} s") from error
        if process.returncode != 0:
            raise StartError(f"kubectl get {kind}: {errors.decode(errors='replace')}")
        items: list[dict[str, Any]] = orjson.loads(output)["items"]
        return items

    async def _start(self, *arguments: str) -> asyncio.subprocess.Process:
        try:
            return await asyncio.create_subprocess_exec(
                self._command,
                *self._options,
                *arguments,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
        except FileNotFoundError as error:
            raise StartError("kubectl is not installed: --release looks with it") from error


def running(pods: Sequence[Mapping[str, Any]]) -> list[Pod]:
    """Those that can be asked: they run, and have an admin port."""
    found = []
    for pod in pods:
        part = pod["metadata"]["labels"].get(_PART, "")
        port = _admin_port(pod)
        if part in PARTS and port and pod.get("status", {}).get("phase") == "Running":
            found.append(Pod(pod["metadata"]["name"], part, port))
    return found


def _admin_port(pod: Mapping[str, Any]) -> int:
    ports = [
        port
        for container in pod["spec"]["containers"]
        for port in container.get("ports", [])
        if port.get("name") == "admin"
    ]
    return int(ports[0]["containerPort"]) if ports else 0
