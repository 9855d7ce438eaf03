"""The server alone: started by a program of one's own, and from the command line."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import subprocess
import sys

import pytest

from chat_gateway.standalone import Options, StandaloneServer
from chatcluster.core.codes import INVALID
from chatcluster.core.errors import Refused
from chatcluster.runtime.lifecycle import StartError
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
