"""The gateway's Socket.IO server alone, without chat, store, or other gateways: for conformance
suites, measurements and trials.

    server = StandaloneServer(Options(ping_interval=300), namespaces=("/", "/custom"))

    @server.socketio.on("message")
    async def echo(sid, *args):
        await server.socketio.emit("message-back", args, to=sid)

    async with server.listening() as port:
        ...

Handlers are python-socketio's. What a client sends, and what it is sent, goes through the same code
as in a gateway, on the fan-out of mode `isolated`.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from chat_gateway.limits.flow import Flow
from chat_gateway.manager.cluster import Cluster
from chat_gateway.manager.manager import FanoutManager
from chat_gateway.manager.membership import Socket
from chat_gateway.manager.server import ChatServer
from chat_gateway.serving import serving
from chat_gateway.sockets.engine import EngineServer
from chat_gateway.sockets.front import body_deadline, cross_origin
from chatcluster.core.envelope import Envelope
from chatcluster.core.request import Reply, Request
from chatcluster.fanout.isolated import IsolatedFanout

SOCKETIO_PATH = "/socket.io/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Times in milliseconds and sizes in bytes, as in the options of Node's `Server`, and with its
    defaults.
    """

    host: str = "127.0.0.1"
    port: int = 0  # takes a free one
    ping_interval: int = 25_000
    ping_timeout: int = 20_000
    connect_timeout: int = 45_000  # for a new connection to join a namespace
    upgrade_timeout: int = 10_000  # from the opening of a WebSocket to the upgrade packet
    request_timeout: int = 15_000  # for the head, and again for the body, of a request
    max_payload: int = 1_000_000  # of one frame or polling body (`maxHttpBufferSize`)
    send_buffer: int = 1_048_576  # unsent, of one client, before it is disconnected


class StandaloneServer:
    """`socketio` is the server, at `/socket.io/`, and `cluster` what it has for many servers.

    *namespaces* are those that clients may connect to. *connected* is called, and must not wait,
    when a client has been told that it is connected and before it is sent anything else. *flow*
    says how fast clients may send; without it, as fast as they like.
    """

    def __init__(
        self,
        options: Options | None = None,
        *,
        namespaces: Collection[str] = ("/",),
        connected: Callable[[Socket], None] | None = None,
        flow: Flow | None = None,
    ) -> None:
        self.options = options or Options()
        self._fanout = IsolatedFanout()
        manager = FanoutManager(self._fanout, "standalone", lambda room, here: None)
        self.cluster = Cluster(manager, self._fanout)
        self.socketio = ChatServer(
            manager,
            accepts=frozenset(namespaces).__contains__,
            connected=connected or (lambda socket: None),
            connect_timeout=self.options.connect_timeout / 1000,
            flow=flow,
            **self._engine_options(),
        )
        self._engines = {SOCKETIO_PATH: self.socketio.eio}

    def engine(self, path: str) -> EngineServer:
        """An Engine.IO server without Socket.IO, at *path*, such as `/engine.io/`; it needs
        handlers for `connect`, `message` and `disconnect` before it listens.
        """
        engine = self._engines[path] = EngineServer(**self._engine_options())
        return engine

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[int]:
        """Serve while the body runs; gives the port. Raises StartError when it cannot listen."""
        options = self.options
        seconds = options.request_timeout / 1000
        app = web.Application(
            middlewares=[cross_origin(self.socketio.eio.entrance), body_deadline(seconds)],
            client_max_size=options.max_payload,
        )
        for path, engine in self._engines.items():
            app.router.add_route("*", path, engine.handle_request)
        await self._fanout.open(_Receiver(self.socketio.manager, self.cluster))
        try:
            async with serving(
                app,
                list(self._engines.values()),
                host=options.host,
                port=options.port,
                request_timeout=seconds,
            ) as port:
                yield port
        finally:
            await self.cluster.stop()
            await self._fanout.close()

    def _engine_options(self) -> dict[str, Any]:
        options = self.options
        return {
            "random_bytes": os.urandom,
            "ping_interval": options.ping_interval / 1000,
            "ping_timeout": options.ping_timeout / 1000,
            "upgrade_timeout": options.upgrade_timeout / 1000,
            "max_payload": options.max_payload,
            "send_buffer": options.send_buffer,
        }


class _Receiver:
    """The server's end of a fan-out that is never interrupted."""

    def __init__(self, manager: FanoutManager, cluster: Cluster) -> None:
        self._manager = manager
        self._cluster = cluster

    def deliver(self, envelopes: Sequence[Envelope]) -> None:
        for envelope in envelopes:
            self._manager.apply(envelope)

    def interrupted(self) -> None:
        """There is no carrier that could be away."""

    def answer(self, request: Request, reply: Callable[[Reply], None]) -> None:
        self._cluster.answering.answer(request, reply)
