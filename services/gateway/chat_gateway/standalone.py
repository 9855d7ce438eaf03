"""The gateway's Socket.IO server alone, without chat and store, for handlers of one's own.

    server = StandaloneServer(Options(ping_interval=300), namespaces=("/", "/custom"))

    @server.socketio.on("message")
    async def echo(sid, *args):
        await server.socketio.emit("message-back", args, to=sid)

    async with server.listening() as port:
        ...

Handlers are python-socketio's. What a client sends, and what it is sent, goes through the same code
as in a gateway. With *settings* that name a mode, servers of the same settings are one cluster.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from chat_gateway.limits.flow import Flow
from chat_gateway.manager.cluster import Cluster
from chat_gateway.manager.manager import FanoutManager
from chat_gateway.manager.membership import Socket
from chat_gateway.manager.server import ChatServer
from chat_gateway.manager.subscribed import SubscribedManager
from chat_gateway.serving import serving
from chat_gateway.sockets.engine import EngineServer
from chat_gateway.sockets.front import body_deadline, cross_origin
from chatcluster.chat.fanouts import make_fanout, with_outbox
from chatcluster.core.envelope import Envelope
from chatcluster.core.ids import short_id
from chatcluster.core.request import Reply, Request
from chatcluster.fanout.isolated import IsolatedFanout
from chatcluster.fanout.port import Fanout
from chatcluster.runtime.logs import get_logger
from chatcluster.runtime.settings import ClusterSettings

log = get_logger(__name__)
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
    says how fast clients may send; without it, as fast as they like. *settings* name the mode and
    what carries it; without them it is `isolated`, and there are no other servers. Raises
    ValueError and SettingsError for what is wrong in them.
    """

    def __init__(
        self,
        options: Options | None = None,
        *,
        namespaces: Collection[str] = ("/",),
        connected: Callable[[Socket], None] | None = None,
        flow: Flow | None = None,
        settings: ClusterSettings | None = None,
    ) -> None:
        self.options = options or Options()
        self._namespaces = frozenset(namespaces)
        self._fanout, self._manager = _alone() if settings is None else _joined(settings)
        manager = self._manager
        self.cluster = Cluster(manager, self._fanout)
        self.socketio = ChatServer(
            manager,
            accepts=self._namespaces.__contains__,
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
        """Serve while the body runs; gives the port. Raises StartError when it cannot listen, and
        FanoutError when no carrier answers.
        """
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
            async with (
                self._subscribing(),
                serving(
                    app,
                    list(self._engines.values()),
                    host=options.host,
                    port=options.port,
                    request_timeout=seconds,
                ) as port,
            ):
                yield port
        finally:
            await self.cluster.stop()
            await self._fanout.close()

    def _subscribing(self) -> AbstractAsyncContextManager[None]:
        manager = self._manager
        if isinstance(manager, SubscribedManager):
            return manager.subscribing(self._namespaces)
        return nullcontext()

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


def _alone() -> tuple[Fanout, FanoutManager]:
    fanout = IsolatedFanout()
    return fanout, FanoutManager(fanout, "standalone", lambda room, here: None)


def _joined(settings: ClusterSettings) -> tuple[Fanout, FanoutManager]:
    origin = f"{settings.name}.{short_id(os.urandom, 6)}"  # another one after every start
    fanout = with_outbox(make_fanout(settings, origin), settings)
    return fanout, SubscribedManager(fanout, origin)


class _Receiver:
    """The server's end of the fan-out. An envelope that cannot be carried out harms no other."""

    def __init__(self, manager: FanoutManager, cluster: Cluster) -> None:
        self._manager = manager
        self._cluster = cluster

    def deliver(self, envelopes: Sequence[Envelope]) -> None:
        for envelope in envelopes:
            try:
                self._manager.apply(envelope)
            except Exception:
                log.exception(
                    "envelope_failed", origin=envelope.origin, action=envelope.action.name
                )

    def interrupted(self) -> None:
        log.warning("fanout_interrupted")

    def answer(self, request: Request, reply: Callable[[Reply], None]) -> None:
        self._cluster.answering.answer(request, reply)
