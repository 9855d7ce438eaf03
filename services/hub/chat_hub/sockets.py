"""The hub's Socket.IO server."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import socketio

from chatcluster.fanout.hub.protocol import FRAME_BYTES, NAMESPACE, PING_INTERVAL, PING_TIMEOUT

# The library would otherwise add a handler of its own, which writes to standard error.
_quiet = logging.getLogger("socketio.hub")
_quiet.setLevel(logging.ERROR)


class Sockets(socketio.AsyncServer):  # type: ignore[misc]  # the library has no types
    """Handles a client's events one after another: that is where gateways' order comes from.

    In namespaces other than theirs, events are begun one after another and answered when done: a
    handler that waits must not keep its client's pongs from being read.
    """

    def __init__(self) -> None:
        super().__init__(
            async_mode="aiohttp",
            async_handlers=False,
            namespaces=[NAMESPACE],
            ping_interval=PING_INTERVAL,
            ping_timeout=PING_TIMEOUT,
            max_http_buffer_size=FRAME_BYTES,
            logger=_quiet,
            engineio_logger=_quiet,
        )
        self._tasks: set[asyncio.Task[None]] = set()

    async def _handle_event_internal(
        self, server: Any, sid: str, eio_sid: str, data: Any, namespace: str, id: int | None
    ) -> None:
        work = super()._handle_event_internal(server, sid, eio_sid, data, namespace, id)
        if namespace == NAMESPACE:
            await work
            return
        task = asyncio.create_task(work, name=f"event {namespace}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
