"""The server alone: started by a program of one's own, and from the command line."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import subprocess
import sys

import pytest
from socketio import AsyncClient, AsyncSimpleClient
from socketio.exceptions import ConnectionError, ConnectionRefusedError

from chat_gateway.standalone import Options, StandaloneServer
from chatcluster.core.codes import INVALID
from chatcluster.core.errors import Refused
from chatcluster.runtime.lifecycle import StartError
from chatcluster.runtime.settings import ClusterSettings, load
from tests.e2e.raw_clients import Chatter, Poller, Wire

SECONDS = 15.0


async def test_handlers_of_ones_own_answer_clients():
    server = StandaloneServer(Options(ping_interval=12_345), namespaces=("/", "/tea"))

    @server.socketio.on("brew", namespace="/tea")
    async def brew(sid, leaves):
        if leaves == "none":
            raise Refused(INVALID, "leaves: some are needed")
        await server.socketio.emit("brewing", leaves, namespace="/tea")
        return len(await server.cluster.of("/tea").fetch_sockets())

    def clients(port: int) -> None:
        with Chatter(port, "/tea") as ada, Chatter(port, "/", "/tea") as bob:
            assert ada.handshake["pingInterval"] == 12_345
            assert ada.ask("brew", "green", namespace="/tea") == 2
            assert bob.event("brewing") == "green"
            refusal = {"code": "invalid", "message": "leaves: some are needed"}
            assert bob.ask("brew", "none", namespace="/tea") == {"error": refusal}

    async with server.listening() as port:
        await asyncio.to_thread(clients, port)


REFUSALS = {
    "False": (False, {"message": "Connection rejected by server"}),
    "a message": (ConnectionRefusedError("no tea"), {"message": "no tea"}),
    "with data": (ConnectionRefusedError("no", {"tea": 0}), {"message": "no", "data": {"tea": 0}}),
    "a code": (
        Refused(INVALID, "no tea"),
        {"message": "no tea", "data": {"code": "invalid", "message": "no tea"}},
    ),
}


@pytest.mark.parametrize(("said", "told"), REFUSALS.values(), ids=REFUSALS)
async def test_a_handler_says_no_to_a_client_as_python_socketio_has_it(said, told):
    server = StandaloneServer()

    @server.socketio.event
    async def connect(sid, environ, auth):
        if isinstance(said, Exception):
            raise said
        return said

    async with server.listening() as port:
        client = AsyncClient()
        errors: list[object] = []
        client.on("connect_error", errors.append)
        with pytest.raises(ConnectionError):
            await client.connect(f"http://127.0.0.1:{port}", transports=["websocket"])
        assert errors == [told]


@pytest.mark.timeout(60)
@pytest.mark.parametrize("protocol", ["classic", "sharded", "streams"])
async def test_what_a_handler_sends_at_once_reaches_who_has_just_come_at_all_servers(
    protocol, valkey, tmp_path
):
    """Nobody has to wait for subscriptions, which take a moment."""
    settings = load(
        ClusterSettings,
        mode="adapter",
        adapter_protocol=protocol,
        redis_url=valkey.url,
        key=tmp_path.name,
        history="off",
    )
    servers = [StandaloneServer(settings=settings) for _ in range(2)]
    for server in servers:

        @server.socketio.on("enter")
        async def enter(sid, room, sio=server.socketio):
            await sio.emit("alone", to=sid)
            await sio.enter_room(sid, room)
            await sio.emit("entered", sid, room=room)

    async with servers[0].listening() as first, servers[1].listening() as second:
        ada, bob = AsyncSimpleClient(), AsyncSimpleClient()
        for client, port in ((ada, first), (bob, second)):
            await client.connect(f"http://127.0.0.1:{port}", transports=["websocket"])
            await client.call("enter", "tea", timeout=SECONDS)
        heard = [[await one.receive(SECONDS) for _ in range(n)] for one, n in ((ada, 3), (bob, 2))]
        assert heard[0] == [["alone"], ["entered", ada.sid], ["entered", bob.sid]]
        assert heard[1] == [["alone"], ["entered", bob.sid]]
        for client in (ada, bob):
            await client.disconnect()


@pytest.mark.timeout(60)
def test_the_echo_server_is_started_with_options_and_leaves_when_asked():
    options = ("--ping-interval", "301", "--ping-timeout", "30202", "--max-payload", "5000")
    command = [sys.executable, "-m", "chat_gateway.echo_server", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = re.fullmatch(r"listening on 127\.0\.0\.1:(\d+)\n", process.stdout.readline())
        assert said is not None
        port = int(said[1])
        for path in ("/engine.io/", "/socket.io/"):
            with Wire(port, path=path) as client:
                del client.handshake["sid"]
                assert client.handshake == {
                    "upgrades": [],
                    "pingInterval": 301,
                    "pingTimeout": 30_202,
                    "maxPayload": 5000,
                }
        poller = Poller(port, path="/engine.io/")
        assert poller.post("4" + "x" * 5000)[0] == 413
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 0


async def test_a_port_that_is_taken_is_named():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StartError, match=f"cannot listen on 127.0.0.1:{port}"):
            async with StandaloneServer(Options(port=port)).listening():
                pass
