"""The relay on Socket.IO: the only place of the hub that knows connections."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from hmac import compare_digest
from typing import Any

import socketio
from aiohttp import web

from chat_hub.relay import Limits, Relay
from chatcluster.core.errors import MalformedError
from chatcluster.fanout.hub.protocol import (
    DELIVER,
    FRAME_BYTES,
    NAMESPACE,
    PING_INTERVAL,
    PING_TIMEOUT,
    PUBLISH,
    WANT,
    decode_delta,
    decode_items,
    encode_batch,
)
from chatcluster.runtime.background import background
from chatcluster.runtime.lifecycle import listening
from chatcluster.runtime.logs import get_logger

DRAIN_SECONDS = 1.0

log = get_logger(__name__)
# The library would otherwise add a handler of its own, which writes to standard error.
_quiet = logging.getLogger("socketio.hub")
_quiet.setLevel(logging.ERROR)


class HubServer:
    """Takes what gateways publish and relays it."""

    def __init__(
        self, host: str, port: int, *, token: str = "", limits: Limits | None = None
    ) -> None:
        """With an empty *token*, gateways are not asked for one."""
        self.host = host
        self.port = port  # 0 until `serving`, if a free one was asked for
        self._token = token.encode()
        self._relay = Relay(limits)
        self._transports: dict[str, asyncio.Transport] = {}
        self._receivers: dict[str, None] = {}  # those that have something to get, in turn
        self._work = asyncio.Event()
        self._acknowledged = asyncio.Event()
        self._server = socketio.AsyncServer(
            async_mode="aiohttp",
            async_handlers=False,  # an event after the other: that is where the order comes from
            transports=["websocket"],
            namespaces=[NAMESPACE],
            ping_interval=PING_INTERVAL,
            ping_timeout=PING_TIMEOUT,
            max_http_buffer_size=FRAME_BYTES,
            logger=_quiet,
            engineio_logger=_quiet,
        )
        on = partial(self._server.on, namespace=NAMESPACE)
        on("connect", self._on_connect)
        on("disconnect", self._on_disconnect)
        on(WANT, self._on_want)
        on(PUBLISH, self._on_publish)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Serve while the body runs. Raises StartError when the port is taken.

        At the end, what was taken still goes to the gateways, for at most DRAIN_SECONDS.
        """
        app = web.Application()
        self._server.attach(app)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
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
            await self._server.shutdown()
            await runner.cleanup()

    def stats(self) -> Mapping[str, Any]:
        return {
            "gateways": self._relay.gateways,
            "rooms": self._relay.rooms,
            "envelopes": self._relay.relayed,
            "bytes": self._relay.relayed_bytes,
        }

    def _on_connect(self, sid: str, environ: Mapping[str, Any], auth: object) -> None:
        match auth:
            case {"gateway": str(name), "token": str(token)}:
                known = compare_digest(token.encode(), self._token) or not self._token
            case _:
                known, name = False, ""
        if not known:
            log.warning("gateway_refused", gateway=name)
            raise socketio.exceptions.ConnectionRefusedError("wrong token")
        self._transports[sid] = environ["aiohttp.request"].transport
        self._relay.enter(sid)
        log.info("gateway_entered", gateway=name, sid=sid)

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
                    await self._server.emit(
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
