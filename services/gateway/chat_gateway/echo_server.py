"""`python -m chat_gateway.echo_server`: what the Socket.IO project's own test suites talk to, by
default with the times that they expect.

They are docs/engine.io-protocol/v4-test-suite and docs/socket.io-protocol/v5-test-suite of
socketio/socket.io, and look for a server at port 3000.
"""

from __future__ import annotations

import sys
from typing import Annotated, Any

import orjson
import typer

from chat_gateway.manager.encoding import encode_event
from chat_gateway.manager.membership import Socket
from chat_gateway.sockets.engine import EngineServer
from chat_gateway.standalone import Options, StandaloneServer
from chatcluster.runtime.lifecycle import run, stop_signal

NAMESPACES = ("/", "/custom")


def echo_server(options: Options) -> StandaloneServer:
    """At `/engine.io/` every message comes back. At `/socket.io/` a client of `/` or `/custom` is
    sent `auth` with what it connected with; `message` comes back as `message-back`, and
    `message-with-ack` is acknowledged with its arguments.
    """
    server = StandaloneServer(options, namespaces=NAMESPACES, connected=_tell_auth)
    _echo_messages(server.engine("/engine.io/"))
    for namespace in NAMESPACES:
        _echo_events(server, namespace)
    return server


def _tell_auth(socket: Socket) -> None:
    auth = orjson.loads(socket.auth) if socket.auth else {}
    socket.session.send(encode_event(socket.namespace, "auth", (auth,)))


def _echo_messages(engine: EngineServer) -> None:
    async def message(sid: str, data: str | bytes) -> None:
        await engine.send(sid, data)

    engine.on("connect", _nothing)
    engine.on("message", message)
    engine.on("disconnect", _nothing)


def _echo_events(server: StandaloneServer, namespace: str) -> None:
    async def message(sid: str, *args: Any) -> None:
        await server.socketio.emit("message-back", args, to=sid, namespace=namespace)

    async def message_with_ack(sid: str, *args: Any) -> tuple[Any, ...]:
        return args

    server.socketio.on("connect", _nothing, namespace=namespace)
    server.socketio.on("disconnect", _nothing, namespace=namespace)
    server.socketio.on("message", message, namespace=namespace)
    server.socketio.on("message-with-ack", message_with_ack, namespace=namespace)


async def _nothing(*_: Any) -> None:
    """Nothing has to be done."""


async def _serve(options: Options) -> None:
    with stop_signal() as stop:
        async with echo_server(options).listening() as port:
            print(f"listening on {options.host}:{port}", flush=True)
            await stop.wait()


Milliseconds = Annotated[int, typer.Option(min=1, help="Milliseconds.")]


def main(
    host: str = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 3000,
    ping_interval: Milliseconds = 300,
    ping_timeout: Milliseconds = 200,
    connect_timeout: Milliseconds = 1000,
    upgrade_timeout: Milliseconds = 10_000,
    max_payload: Annotated[int, typer.Option(min=1, help="Bytes.")] = 1_000_000,
) -> None:
    """Serve until SIGTERM or SIGINT."""
    options = Options(
        host=host,
        port=port,
        ping_interval=ping_interval,
        ping_timeout=ping_timeout,
        connect_timeout=connect_timeout,
        upgrade_timeout=upgrade_timeout,
        max_payload=max_payload,
    )
    sys.exit(run(_serve(options)))


if __name__ == "__main__":
    typer.run(main)
