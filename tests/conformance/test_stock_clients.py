"""WebSocket clients as people use them, each of which offers what it can: fragments, pings, a
compression that is not taken up.
"""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import subprocess
from typing import Any

import aiohttp
import pytest
import websocket
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.conformance.frames import ECHO
from tests.conformance.servers import HERE
from tests.e2e.raw_clients import SECONDS
from tests.servers import missing

TEXT = "4größer als 5 € 🧵"
BINARY = bytes(range(256))
PARTS = ["4frag", "", "ments ", "🧵"]
LONG = 900_000
PING = "are you there"


def by_ws(url: str) -> dict[str, Any]:
    node = shutil.which("node")
    if node is None:
        missing("Node.js")
    given = {
        "text": TEXT,
        "binary": base64.b64encode(BINARY).decode(),
        "parts": PARTS,
        "long": LONG,
    }
    command = [str(node), str(HERE / "ws_client.js"), url, json.dumps(given)]
    done = subprocess.run(command, capture_output=True, timeout=15, check=False)
    assert done.returncode == 0, done.stderr.decode()
    seen: dict[str, Any] = json.loads(done.stdout)
    return {**seen, "binary": base64.b64decode(seen["binary"])}


def by_websockets(url: str) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    with connect(url) as client:
        client.recv(SECONDS)
        client.send(TEXT)
        seen["text"] = client.recv(SECONDS)
        client.send(BINARY)
        seen["binary"] = client.recv(SECONDS)
        client.send(PARTS)
        seen["fragments"] = client.recv(SECONDS)
        client.send("4" + "x" * LONG)
        seen["long"] = len(client.recv(SECONDS))
        seen["pong"] = PING if client.ping(PING).wait(SECONDS) else None
        client.close(1000, "bye")
        seen["closed"] = client.protocol.close_code
    with connect(url) as client:
        client.recv(SECONDS)
        client.send("abc")
        with pytest.raises(ConnectionClosed) as ended:
            client.recv(SECONDS)
    assert ended.value.rcvd is not None
    return {**seen, "refused": ended.value.rcvd.code}


def by_aiohttp(url: str) -> dict[str, Any]:
    return asyncio.run(_by_aiohttp(url))


async def _by_aiohttp(url: str) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    options: dict[str, Any] = {"compress": 15, "autoping": False}
    async with asyncio.timeout(SECONDS), aiohttp.ClientSession() as session:
        async with session.ws_connect(url, **options) as client:
            await client.receive_str()
            await client.send_str(TEXT)
            seen["text"] = await client.receive_str()
            await client.send_bytes(BINARY)
            seen["binary"] = await client.receive_bytes()
            await client.send_str("".join(PARTS))  # it does not fragment
            seen["fragments"] = await client.receive_str()
            await client.send_str("4" + "x" * LONG)
            seen["long"] = len(await client.receive_str())
            await client.ping(PING.encode())
            seen["pong"] = (await client.receive()).data.decode()
            await client.close(code=1000, message=b"bye")
            seen["closed"] = client.close_code
        async with session.ws_connect(url, **options) as client:
            await client.receive_str()
            await client.send_str("abc")
            await client.receive()
            seen["refused"] = client.close_code
    return seen


def by_websocket_client(url: str) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    client = websocket.create_connection(url, timeout=SECONDS)
    client.recv()
    client.send(TEXT)
    seen["text"] = client.recv()
    client.send_binary(BINARY)
    seen["binary"] = client.recv()
    opcodes = [websocket.ABNF.OPCODE_TEXT, *[websocket.ABNF.OPCODE_CONT] * (len(PARTS) - 1)]
    for number, (opcode, part) in enumerate(zip(opcodes, PARTS, strict=True), 1):
        client.send_frame(
            websocket.ABNF.create_frame(part.encode(), opcode, int(number == len(PARTS)))
        )
    seen["fragments"] = client.recv()
    client.send("4" + "x" * LONG)
    seen["long"] = len(client.recv())
    client.ping(PING)
    seen["pong"] = client.recv_data(control_frame=True)[1].decode()
    client.send_close(1000, b"bye")
    seen["closed"] = int.from_bytes(client.recv_data(control_frame=True)[1][:2], "big")
    client.shutdown()
    client = websocket.create_connection(url, timeout=SECONDS)
    client.recv()
    client.send("abc")
    seen["refused"] = int.from_bytes(client.recv_data(control_frame=True)[1][:2], "big")
    client.shutdown()
    return seen


CLIENTS = {
    "ws": by_ws,
    "websockets": by_websockets,
    "aiohttp": by_aiohttp,
    "websocket-client": by_websocket_client,
}


@pytest.mark.parametrize(
    "client",
    [
        pytest.param(client, id=name, marks=[pytest.mark.node] if name == "ws" else [])
        for name, client in CLIENTS.items()
    ],
)
def test_a_stock_client_has_all_back_and_closes(ours, client):
    assert client(f"ws://127.0.0.1:{ours.calm}{ECHO}") == {
        "text": TEXT,
        "binary": BINARY,
        "fragments": "".join(PARTS),
        "long": LONG + 1,
        "pong": PING,
        "closed": 1000,
        "refused": 1002,
    }
