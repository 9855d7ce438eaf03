"""The image and the values of `skaffold dev`, and a file that is copied as Skaffold does it."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from pathlib import Path

import pytest
import yaml

from tests.chart.chart import merged
from tests.e2e_cluster.conftest import MakeNamespace
from tests.e2e_cluster.kubectl import Namespace, wait_until
from tests.e2e_cluster.release import Release

pytestmark = pytest.mark.timeout(180)

ROOT = Path(__file__).parents[2]
FILE = "services/shared/chatcluster/runtime/admin.py"
HEALTH = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:9000/healthz').read())"
ALONE = {
    "cluster": {"fanout": {"mode": "isolated"}, "gateways": {"replicas": 1}},
    "history": {"store": "memory"},
    "valkey": {"enabled": False},
    "worker": {"enabled": False},
}


def image() -> dict[str, str]:
    given = os.environ.get("E2E_DEV_IMAGE", "chatcluster-dev:")
    repository, _, tag = given.rpartition(":")
    return {"repository": repository, "tag": tag}


def test_a_program_starts_anew_with_a_file_that_is_copied_into_its_pod(
    make_namespace: MakeNamespace,
):
    values = yaml.safe_load((ROOT / "charts/dev-values.yaml").read_text())
    images = {"image": image(), "operator": {"image": image()}}
    release = Release(make_namespace(), merged(values, ALONE, images))
    release.install()
    (pod,) = release.pod_names("gateway")
    assert answer(release.namespace, pod) == "b'ok\\n'"

    changed = (ROOT / FILE).read_text().replace('"ok\\n"', '"changed\\n"')
    copy_into(release.namespace, pod, FILE, changed)

    wait_until(lambda: answer(release.namespace, pod) == "b'changed\\n'", "the new file's answer")
    assert release.pod_names("gateway") == {pod}
    (container,) = release.pods("gateway")[0]["status"]["containerStatuses"]
    assert container["restartCount"] == 0


def answer(namespace: Namespace, pod: str) -> str:
    """Of its `/healthz`, or what was wrong."""
    try:
        return namespace.kubectl("exec", pod, "--", "python", "-c", HEALTH).strip()
    except AssertionError as error:  # it is just starting
        return str(error)


def copy_into(namespace: Namespace, pod: str, path: str, text: str) -> None:
    data = text.encode()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        about = tarfile.TarInfo(path)
        about.size, about.mode = len(data), 0o644
        archive.addfile(about, io.BytesIO(data))
    unpack = ["tar", "xmf", "-", "-C", "/app", "--no-same-owner"]
    subprocess.run(
        ["kubectl", "--namespace", namespace.name, "exec", pod, "-i", "--", *unpack],
        input=packed.getvalue(),
        check=True,
        timeout=60,
    )
