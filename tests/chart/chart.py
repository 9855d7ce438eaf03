"""The chart, rendered by helm; once for each set of values."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.servers import missing

CHART = Path(__file__).parents[2] / "charts" / "chatcluster"
RELEASE, NAMESPACE = "talk", "chat"

Manifest = dict[str, Any]
Values = Mapping[str, Any]


def helm(*arguments: str, values: Values | None = None) -> subprocess.CompletedProcess[str]:
    """Runs helm with *values* as its `-f -`."""
    own = Path(sys.executable).with_name("helm")
    program = str(own) if own.exists() else shutil.which("helm")
    if program is None:
        missing("helm 4")
    return subprocess.run(
        [str(program), *arguments, "-f", "-"],
        input=json.dumps(values or {}),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


class RefusedError(Exception):
    """What helm said in place of manifests."""


def render(values: Values) -> list[Manifest]:
    """The manifests, of the chart's test too. Raises RefusedError."""
    return _rendered(json.dumps(values, sort_keys=True))


@cache
def _rendered(values: str) -> list[Manifest]:
    return render_anew(json.loads(values))


def render_anew(values: Values) -> list[Manifest]:
    """As `render`, but never what was rendered before."""
    done = helm("template", RELEASE, str(CHART), "--namespace", NAMESPACE, values=values)
    if done.returncode:
        raise RefusedError(done.stderr)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return [manifest for manifest in yaml.load_all(done.stdout, loader) if manifest]


def merged(*layers: Values) -> dict[str, Any]:
    """Later values win; mappings are merged, as helm does it."""
    whole: dict[str, Any] = {}
    for layer in layers:
        for key, value in layer.items():
            both = isinstance(value, Mapping) and isinstance(whole.get(key), Mapping)
            whole[key] = merged(whole[key], value) if both else value
    return whole


def of_kind(manifests: list[Manifest], *kinds: str) -> list[Manifest]:
    return [manifest for manifest in manifests if manifest["kind"] in kinds]


def one(manifests: list[Manifest], kind: str, name: str) -> Manifest:
    """The object that is called *name* after the release and the chart."""
    (found,) = (
        manifest
        for manifest in of_kind(manifests, kind)
        if manifest["metadata"]["name"] == f"{RELEASE}-chatcluster{name and '-' + name}"
    )
    return found


def label_of(manifest: Manifest) -> str:
    """`Deployment/talk-chatcluster-gateway`."""
    return f"{manifest['kind']}/{manifest['metadata']['name']}"


def templates(manifests: list[Manifest]) -> dict[str, Manifest]:
    """What pods are made of (`metadata`, `spec`), by the object that makes them."""
    return {
        label_of(manifest): manifest if manifest["kind"] == "Pod" else manifest["spec"]["template"]
        for manifest in of_kind(manifests, "Deployment", "StatefulSet", "Job", "Pod")
    }


def component(pod: Manifest) -> str:
    return str(pod["metadata"]["labels"]["app.kubernetes.io/component"])


def containers(pod: Manifest) -> Iterator[Manifest]:
    """Those for the start, too."""
    yield from pod["spec"].get("initContainers", [])
    yield from pod["spec"]["containers"]
