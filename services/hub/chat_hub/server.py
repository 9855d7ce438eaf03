"""The relay on Socket.IO: the only place of the hub that knows connections."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from hmac import compare_digest
from typing import Any, cast

import socketio
from aiohttp import web
from aiohttp.typedefs import Handler

from chat_hub.relay import Limits, Relay
from chat_hub.sockets import Sockets
from chatcluster.core.errors import MalformedError
from chatcluster.fanout.hub.protocol import (
    DELIVER,
    NAMESPACE,
    PUBLISH,
    WANT,
    decode_delta,
    decode_items,
    encode_batch,
)
from chatcluster.runtime.background import background
from chatcluster.runtime.guesses import Guesses
from chatcluster.runtime.lifecycle import listening
from chatcluster.runtime.logs import get_logger

DRAIN_SECONDS = 1.0

log = get_logger(__name__)


class HubServer:
    """Takes what gateways publish and relays it.

    Who has more to offer on this port adds it to `app` and `sockets` before `serving`.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        token: str = "",
        limits: Limits | None = None,
        hubs: str | None = None,
    ) -> None:
        """With an empty *token*, gateways are not asked for one.

        *hubs* is a digest of the hubs by which broadcasts are published here; it warns of gateways
        that know other hubs.
        """
        self.host = host
        self.port = port  # 0 until `serving`, if a free one was asked for
        self._token = token.encode()
        self._guesses = Guesses()
        self._relay = Relay(limits)
        self._transports: dict[str, asyncio.Transport] = {}
        self._receivers: dict[str, None] = {}  # those that have something to get, in turn
        self._work = asyncio.Event()
        self._acknowledged = asyncio.Event()
        self._hubs = hubs
        self._peers: set[str] = set()  # hubs, which only publish
        self.app = web.Application(middlewares=[_gone_is_no_error])
        self.sockets = Sockets()
        on = partial(self.sockets.on, namespace=NAMESPACE)
        on("connect", self._on_connect)
        on("disconnect", self._on_disconnect)
        on(WANT, self._on_want)
        on(PUBLISH, self._on_publish)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Serve while the body runs. Raises StartError when the port is taken.

        At the end, what was taken still goes to the gateways, for at most DRAIN_SECONDS.
        """
        self.sockets.attach(self.app)
        runner = web.AppRunner(self.app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            with listening(self.host, self.port, setting="port"):
                await web.TCPSite(runner, self.host, self.port).start()
            self.port = runner.addresses[0][1]
            async with background(sending=self._send()):
                yield
                await self._drain()
        finally:
            for gateway in list(self._transports):
                self._drop(gateway)
            await self.sockets.shutdown()
            await runner.cleanup()

    @property
    def gateways(self) -> int:
        """Those that are connected."""
        return self._relay.gateways - len(self._peers)

    def stats(self) -> Mapping[str, Any]:
        return {
            "gateways": self.gateways,
            "hubs": len(self._peers),
            "rooms": self._relay.rooms,
            "envelopes": self._relay.relayed,
            "bytes": self._relay.relayed_bytes,
        }

    def _on_connect(self, sid: str, environ: Mapping[str, Any], auth: object) -> None:
        address = environ["aiohttp.request"].remote or ""
        match auth:
            case {"gateway": str(name), "token": str(token)}:
                known = self._knows(token, address)
            case _:
                known, name = False, ""
        if not known:
            log.warning("gateway_refused", gateway=name)
            raise socketio.exceptions.ConnectionRefusedError("wrong token")
        self._meet(sid, name, cast(Mapping[str, Any], auth))
        self._transports[sid] = environ["aiohttp.request"].transport
        self._relay.enter(sid)
        log.info("gateway_entered", gateway=name, sid=sid)

    def _knows(self, token: str, address: str) -> bool:
        if not self._token:
            return True
        if self._guesses.wait(address):
            return False
        known = compare_digest(token.encode(errors="replace"), self._token)
        if not known:
            self._guesses.wrong(address)
        return known

    def _meet(self, sid: str, name: str, auth: Mapping[str, Any]) -> None:
        if auth.get("hub") is True:
            self._peers.add(sid)
        known = auth.get("hubs")
        if self._hubs is not None and known != self._hubs and isinstance(known, str):
            # Broadcasts would go where this gateway does not look for them.
            log.warning("hubs_differ", gateway=name, settings="CHAT_HUB_URLS, CHAT_HUB_ROUTES")

    def _on_disconnect(self, sid: str, reason: str) -> None:
        log.info("gateway_left", sid=sid, reason=reason)
        self._drop(sid)

    def _on_want(self, sid: str, data: object) -> bool:
        try:
            self._relay.want(sid, decode_delta(data))
        except MalformedError as error:
            self._malformed(sid, error)
        return True  # the acknowledgement

    def _on_publish(self, sid: str, data: object) -> bool:
        try:
            receivers, slow = self._relay.relay(decode_items(data))
        except MalformedError as error:
            self._malformed(sid, error)
            return True
        for receiver in slow:
            log.warning("gateway_too_slow", sid=receiver)
            self._drop(receiver)
        self._wake(receivers)
        return True  # the acknowledgement

    def _malformed(self, sid: str, error: MalformedError) -> None:
        log.warning("gateway_malformed", sid=sid, reason=str(error))
        self._drop(sid)

    def _drop(self, sid: str) -> None:
        self._relay.leave(sid)
        self._peers.discard(sid)
        transport = self._transports.pop(sid, None)
        if transport is not None:
            # To close would mean to wait for a gateway that does not read.
            transport.abort()

    def _wake(self, receivers: set[str]) -> None:
        self._receivers.update(dict.fromkeys(receivers))
        self._work.set()

    async def _send(self) -> None:
        """One loop for all gateways: emitting only queues, so none can hold up the others."""
        while True:
            await self._work.wait()
            self._work.clear()
            while self._receivers:
                sid = next(iter(self._receivers))
                del self._receivers[sid]
                for batch in self._relay.batches(sid):
                    await self.sockets.emit(
                        DELIVER,
                        encode_batch(batch),
                        to=sid,
                        namespace=NAMESPACE,
                        callback=partial(self._on_acknowledged, sid),
                    )

    def _on_acknowledged(self, sid: str, *_: object) -> None:
        self._relay.acknowledged(sid)
        self._acknowledged.set()
        self._wake({sid})

    async def _drain(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS):
                while not self._relay.idle:
                    self._acknowledged.clear()
                    await self._acknowledged.wait()


@web.middleware
async def _gone_is_no_error(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Who leaves while it is being answered gets no answer, and the log no traceback."""
    try:
        return await handler(request)
    except ConnectionResetError:  # aiohttp's own is one, too
        return web.Response()  # which goes nowhere
