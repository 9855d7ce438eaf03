"""The Node server of the README shares a room with two gateways."""

from __future__ import annotations

import asyncio
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import socketio

from tests.gateways import START_SECONDS, Cluster
from tests.servers import Valkey, free_port, missing

TESTS = Path(__file__).parents[1]
README = TESTS.parent / "README.md"


def server_of_the_readme(redis_url: str, port: int) -> str:
    """As it is written there, but for its Redis and its port."""
    blocks: list[str] = re.findall(r"```js\n(.*?)```", README.read_text(), re.DOTALL)
    code = next(block for block in blocks if "createAdapter" in block)
    assert "redis://127.0.0.1:6379" in code
    assert "3000" in code
    return code.replace("redis://127.0.0.1:6379", redis_url).replace("3000", str(port))


@pytest.fixture
def node(own_valkey: Valkey) -> Iterator[str]:
    """Its address."""
    if not (TESTS / "node_modules").exists():
        missing("Node.js with the packages of tests/package.json")
    port = free_port()
    code = server_of_the_readme(own_valkey.url, port)
    process = subprocess.Popen(
        ["node", "--input-type=module", "--eval", code], cwd=TESTS, stderr=subprocess.PIPE
    )
    try:
        wait_until_it_listens(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.communicate()


def wait_until_it_listens(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


async def heard(client: socketio.AsyncSimpleClient, text: str) -> dict[str, str]:
    """The chat message of that text."""
    async with asyncio.timeout(5):
        while True:
            event, *args = await client.receive()
            if event == "chat message" and args[0]["message"] == text:
                message: dict[str, str] = args[0]
                return message


@pytest.mark.node
async def test_the_node_server_of_the_readme_shares_a_room(
    node: str, own_valkey: Valkey, tmp_path: Path
) -> None:
    """What is said on Node's server arrives at both gateways, and the other way round."""
    cluster = Cluster(tmp_path, own_valkey.url, "adapter", key="socket.io")
    with cluster.running():
        one, two, there = (socketio.AsyncSimpleClient() for _ in range(3))
        for client, url in zip(
            (one, two, there), (*(g.url for g in cluster.gateways), node), strict=True
        ):
            await client.connect(url, transports=["websocket"])
        try:
            await one.call("join", "tea")
            await two.call("join", "tea")
            await there.emit("chat message", {"nickname": "noa", "message": "from Node"})
            for client in (one, two, there):
                assert (await heard(client, "from Node"))["nick"] == "noa"
            said = {"nickname": "ada", "message": "to Node", "room": "tea"}
            reply = await one.call("chat message", said)
            for client in (one, two, there):
                assert (await heard(client, "to Node"))["id"] == reply["id"]
        finally:
            for client in (one, two, there):
                await client.disconnect()
