"""A way to a server that can be closed to one process, or to all."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psutil

Port = int


class Way:
    """Leads from a port of its own to *server* on 127.0.0.1, in a thread of its own."""

    def __init__(self, server: Port) -> None:
        self.port: Port = 0
        self._server = server
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"way to {server}")
        self._ends: dict[asyncio.StreamWriter, Port] = {}  # and from where they come
        self._may_pass: Callable[[Port], bool] = lambda port: True

    def __enter__(self) -> Way:
        self._thread.start()
        self._do(self._listen)
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._stop)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @contextmanager
    def closed_to(self, process: int) -> Iterator[None]:
        """Its connections end, and further ones end as soon as they are made."""
        self._do(self._close, lambda port: port not in ports_of(process))
        try:
            yield
        finally:
            self._may_pass = lambda port: True

    @contextmanager
    def closed(self) -> Iterator[None]:
        """The same for everybody."""
        self._do(self._close, lambda port: False)
        try:
            yield
        finally:
            self._may_pass = lambda port: True

    def _do(self, work: Callable[..., Any], *arguments: Any) -> None:
        asyncio.run_coroutine_threadsafe(work(*arguments), self._loop).result(20)

    async def _listen(self) -> None:
        self._listener = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def _close(self, may_pass: Callable[[Port], bool]) -> None:
        self._may_pass = may_pass
        for end, port in list(self._ends.items()):
            if not may_pass(port):
                end.transport.abort()

    async def _stop(self) -> None:
        self._listener.close()
        await self._close(lambda port: False)
        await asyncio.sleep(0.1)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        port = writer.get_extra_info("peername")[1]
        if not self._may_pass(port):
            writer.transport.abort()
            return
        self._ends[writer] = port
        try:
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._server)
        except OSError:  # the server is away, too
            writer.transport.abort()
        else:
            await asyncio.gather(_copy(reader, server_writer), _copy(server_reader, writer))
        finally:
            del self._ends[writer]


def ports_of(process: int) -> set[Port]:
    """The local ports of the connections of a process; none if it has ended."""
    with suppress(psutil.NoSuchProcess):
        return {one.laddr.port for one in psutil.Process(process).net_connections() if one.laddr}
    return set()


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await source.read(65_536):
            sink.write(data)
            await sink.drain()
    sink.transport.abort()
