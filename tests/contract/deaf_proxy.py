"""A way to Postgres on which notifications get lost, as they do in a pooler."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

NOTIFICATION = b"A"  # the type of NotificationResponse; other messages pass


@asynccontextmanager
async def deaf_proxy(port: int) -> AsyncIterator[int]:
    """The port on 127.0.0.1 behind which the Postgres of *port* is heard without notifications."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        server, to_server = await asyncio.open_connection("127.0.0.1", port)
        for pump in (_copy(client, to_server), _filter(server, to_client)):
            tasks.add(asyncio.create_task(pump))

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield listener.sockets[0].getsockname()[1]
    finally:
        listener.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(65_536):
            sink.write(data)
    finally:
        sink.close()


async def _filter(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """A message is one byte of type, four of length (its own included), and contents."""
    try:
        sink.write(await source.readexactly(1))  # the answer to "may we encrypt?"
        while True:
            head = await source.readexactly(5)
            rest = await source.readexactly(int.from_bytes(head[1:], "big") - 4)
            if head[:1] != NOTIFICATION:
                sink.write(head + rest)
    except asyncio.IncompleteReadError:
        pass
    finally:
        sink.close()
