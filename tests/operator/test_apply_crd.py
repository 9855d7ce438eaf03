"""The CustomResourceDefinition is brought up to date, as helm would do it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import yaml

from chat_operator import apply_crd
from chat_operator.crd import NAME, definition
from tests.operator.conftest import World
from tests.servers import free_port

KIND = "customresourcedefinitions"


async def test_it_is_the_operators_own_whatever_was_there(world: World):
    world.api.put(KIND, NAME, {"spec": {"group": "older"}}, namespace="")
    await apply_crd.apply_crd(world.cluster)
    assert world.api.get(KIND, NAME, namespace="")["spec"] == definition()["spec"]
    assert world.api.asked == [f"PATCH {KIND}/{NAME}"]


def test_an_api_server_that_does_not_answer_is_said(tmp_path: Path):
    server = {"server": f"http://127.0.0.1:{free_port()}"}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "there",
        "clusters": [{"name": "there", "cluster": server}],
        "users": [{"name": "me", "user": {}}],
        "contexts": [{"name": "there", "context": {"cluster": "there", "user": "me"}}],
    }
    (tmp_path / "config").write_text(yaml.safe_dump(config))
    done = subprocess.run(
        [sys.executable, "-m", "chat_operator.apply_crd"],
        env={**os.environ, "KUBECONFIG": str(tmp_path / "config")},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert f"{NAME} was not applied: PATCH" in done.stderr
