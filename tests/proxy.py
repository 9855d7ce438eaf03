"""A way to a server that can be cut: whoever goes by it loses the server, and nobody else does."""

from __future__ import annotations

import asyncio
from contextlib import suppress


class Proxy:
    """Listens on a port of its own for what listens on *port*. `cut` and `mend` as often as one
    likes; while it is cut, connections are refused.
    """

    def __init__(self, port: int) -> None:
        self.port = 0
        self._server_port = port
        self._listener: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    async def mend(self) -> None:
        self._listener = await asyncio.start_server(
            self._serve, "127.0.0.1", self.port, reuse_address=True
        )
        self.port = self._listener.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """All connections end at once."""
        if self._listener is not None:
            self._listener.close()
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _serve(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(to_client)
        try:
            server, to_server = await asyncio.open_connection("127.0.0.1", self._server_port)
            self._writers.add(to_server)
            await asyncio.gather(_copy(client, to_server), _copy(server, to_client))
        except OSError:  # the server is away, too
            pass
        finally:
            to_client.close()
            self._tasks.discard(task)


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await source.read(65_536):
            sink.write(data)
            await sink.drain()
    sink.close()
