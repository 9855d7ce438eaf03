"""What `docs/hub.md` shows is what happens."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest

from chat_hub import denied
from chatcluster.runtime.settings import HubSettings
from tests.broadcasts import takes_broadcasts
from tests.documented import executed
from tests.e2e.clients import Connect
from tests.e2e.conftest import MakeCluster
from tests.gateways import TOKEN

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs" / "hub.md").read_text()

IN_NODE = ["node", "--input-type=module", "--eval"]
IN_PYTHON = [sys.executable, "-c"]


def example(language: str, containing: str) -> str:
    blocks: list[str] = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    [found] = [block for block in blocks if containing in block]
    return found


async def execute(command: list[str], code: str, hub: str) -> str:
    """What the example prints."""
    process = await asyncio.create_subprocess_exec(
        *command,
        code.replace("http://127.0.0.1:8100", hub),
        env={**os.environ, "CHAT_BROADCAST_TOKEN": TOKEN},
        cwd=TESTS,  # where Node finds its packages
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return out.decode()


@pytest.mark.node
@pytest.mark.asyncio(loop_scope="session")
async def test_every_example_broadcasts(make_cluster: MakeCluster, connect: Connect) -> None:
    cluster = make_cluster("hub")
    [hub] = [hub.url for hub in cluster.hubs]
    clients = [await connect(gateway.url) for gateway in cluster.gateways]
    for client in clients:
        await client.ask("join", "tea")
    await takes_broadcasts(hub)
    assert await execute(["sh", "-c"], executed("docs/hub.md", "curl -s").script, hub)
    for client in clients:
        assert await client.next("news") == "The tea is ready"
    for command, language, containing, said in (
        (IN_PYTHON, "python", "urllib", "by Python"),
        (IN_NODE, "js", "fetch", "by Node"),
        (IN_PYTHON, "python", "AsyncClient", "by Python's client"),
        (IN_NODE, "js", "emitWithAck", "by Node's client"),
    ):
        assert await execute(command, example(language, containing), hub)
        for client in clients:
            assert await client.next("news") == said


def test_the_page_names_every_error_and_every_setting() -> None:
    reasons = {
        (value.status, value.name)
        for value in vars(denied).values()
        if isinstance(value, denied.Reason)
    }
    told = re.findall(r"^\| (\d+) \| `(\w+)` \|", PAGE, re.MULTILINE)
    assert {(int(status), name) for status, name in told} == reasons
    for name in HubSettings.model_fields:
        if name.startswith(("hub_", "broadcast_")):
            assert f"CHAT_{name.upper()}" in PAGE
