"""One connection to a hub: the only place that knows how Socket.IO clients work."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from typing import Any

import aiohttp
import socketio

from chatcluster.core.errors import FanoutError
from chatcluster.fanout.hub.protocol import (
    DELIVER,
    FRAME_BYTES,
    NAMESPACE,
    PUBLISH,
    WANT,
    Delta,
    Item,
    encode_delta,
    encode_items,
)

CONNECT_SECONDS = 2.0
FAREWELL_SECONDS = 1.0

# The library would otherwise write its own lines to standard error, one for each packet.
_QUIET = logging.getLogger("socketio.hub")
_QUIET.setLevel(logging.ERROR)


@dataclass(frozen=True, slots=True)
class Credentials:
    """As whom a gateway enters a hub."""

    gateway: str
    token: str
    hubs: str = ""  # a digest of those that it knows
    hub: bool = False  # it is a hub itself

    def __repr__(self) -> str:
        return f"Credentials({self.gateway!r}, ...)"


class Connection:
    """What a gateway can tell the hub. Each method raises FanoutError when the hub is gone."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._one_at_a_time = asyncio.Lock()  # a binary event is two frames, which must not part
        self.lost = asyncio.Event()

    async def publish(self, items: Sequence[Item], taken: Callable[[], None]) -> None:
        """Return when on its way; *taken* is called when the hub has taken all of them."""
        await self._emit(PUBLISH, encode_items(items), taken)

    async def want(self, delta: Delta) -> None:
        """Return when in force."""
        done = asyncio.Event()
        await self._emit(WANT, encode_delta(delta), done.set)
        await done.wait()

    async def _emit(self, event: str, data: bytes, answered: Callable[[], None]) -> None:
        async with self._one_at_a_time:
            sending = asyncio.ensure_future(
                self._client.emit(event, data, namespace=NAMESPACE, callback=lambda *_: answered())
            )
            try:
                # Whoever is cancelled between the two frames leaves the hub with half an event.
                await asyncio.shield(sending)
            except asyncio.CancelledError:
                sending.add_done_callback(lambda done: done.cancelled() or done.exception())
                await asyncio.wait((sending,), timeout=FAREWELL_SECONDS)
                raise
            except socketio.exceptions.SocketIOError as error:
                raise FanoutError(f"cannot tell the hub to {event}") from error


class _Client(socketio.AsyncClient):  # type: ignore[misc]  # the library has no types
    """Reads nothing any more once it is left or has lost the hub: by then the library may have
    forgotten the first frame of a binary event, and takes the second for a packet.
    """

    left = False

    async def _handle_eio_message(self, data: object) -> None:
        if not self.left and self.eio.state == "connected":
            await super()._handle_eio_message(data)


@asynccontextmanager
async def connected(
    url: str, credentials: Credentials, deliver: Callable[[object], None]
) -> AsyncIterator[Connection]:
    """Connect, and let go at the end of the body, without goodbye: the hub may have fallen silent.

    *deliver* gets what the hub sends, in its order. Raises FanoutError if the hub does not answer
    in CONNECT_SECONDS or does not let us in.
    """
    connector = _Connector(limit=1, force_close=True)
    async with aiohttp.ClientSession(connector=connector) as session:
        client = _Client(
            reconnection=False,
            handle_sigint=False,
            logger=_QUIET,
            engineio_logger=_QUIET,
            http_session=session,
            websocket_extra_options={"max_msg_size": FRAME_BYTES},
        )
        connection = Connection(client)
        try:
            _listen(client, connection, deliver)
            await _enter(client, url, credentials)
            client.eio.read_loop_task.add_done_callback(lambda _: connection.lost.set())
            yield connection
        finally:
            connection.lost.set()
            client.left = True
            await _let_go(client, connector)


def _listen(client: Any, connection: Connection, deliver: Callable[[object], None]) -> None:
    def on_deliver(data: object) -> bool:
        if not connection.lost.is_set():
            deliver(data)
        return True  # the acknowledgement

    client.on(DELIVER, on_deliver, namespace=NAMESPACE)
    client.on("disconnect", lambda *_: connection.lost.set(), namespace=NAMESPACE)


async def _enter(client: Any, url: str, credentials: Credentials) -> None:
    refusals: list[object] = []
    client.on("connect_error", lambda *reason: refusals.extend(reason), namespace=NAMESPACE)
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            await client.connect(
                url,
                auth=asdict(credentials),
                transports=["websocket"],
                namespaces=[NAMESPACE],
                wait_timeout=CONNECT_SECONDS,
            )
    except (socketio.exceptions.SocketIOError, aiohttp.ClientError, OSError, ValueError) as error:
        raise FanoutError(f"hub {url}: {_reason(refusals) or error or 'no answer'}") from error


def _reason(refusals: list[object]) -> object:
    match refusals:
        case [{"message": str(message)}, *_]:
            return f"refused: {message}"
    return refusals[0] if refusals else None


async def _let_go(client: Any, connector: _Connector) -> None:
    connector.abort()
    try:
        if client.eio.read_loop_task is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(FAREWELL_SECONDS):
                    await asyncio.shield(client.eio.read_loop_task)
    finally:
        connector.release()


class _Connector(aiohttp.TCPConnector):
    """Can end a connection whose other end no longer reads; closing would wait for it."""

    _connections: tuple[Any, ...] = ()
    _transports: tuple[asyncio.Transport, ...] = ()

    async def connect(self, *args: Any, **options: Any) -> Any:
        connection = await super().connect(*args, **options)
        self._connections += (connection,)
        if connection.transport is not None:
            self._transports += (connection.transport,)
        return connection

    def abort(self) -> None:
        for transport in self._transports:
            transport.abort()

    def release(self) -> None:
        """The library forgets a connection that ends in the middle of its handshake."""
        for connection in self._connections:
            connection.close()
