"""Batches of commands to Redis, each in one write and one round trip."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import hiredis
from redis.asyncio import ConnectionPool

from chatcluster.connections.redis import endpoint
from chatcluster.connections.redis_link import RedisLink, command, connect_link
from chatcluster.core.errors import FanoutError

Command = tuple[bytes | str | int | float, ...]
ReplyError = hiredis.ReplyError


class Exchange:
    """One connection, which is made when it is first needed and made anew after it broke.

    No command is sent twice: whether one was carried out whose answer did not come is unknown.
    Raises ValueError for a *url* that is none.
    """

    def __init__(self, url: str) -> None:
        self._endpoint = endpoint(url)
        self._database = int(ConnectionPool.from_url(url).connection_kwargs.get("db") or 0)
        self._link: RedisLink | None = None
        self._connections = 0

    async def connect(self) -> int:
        """Connect, if need be; which connection it is, since a new one may be to a server that was
        restarted. Raises ConnectionError.
        """
        try:
            await self._connected()
        except FanoutError as error:
            raise ConnectionError(str(error)) from error
        return self._connections

    async def send(self, commands: Sequence[Command]) -> list[Any]:
        """The replies to *commands*; that to a refused command is a ReplyError.

        Raises ConnectionError when the server does not answer. Whoever stops waiting ends the
        connection.
        """
        link = None
        try:
            link = await self._connected()
            return await link.exchange([_packed(words) for words in commands])
        except FanoutError as error:
            raise ConnectionError(str(error)) from error
        except asyncio.CancelledError:
            if link is not None:
                link.close(FanoutError("an answer was not waited for"))
            raise

    def close(self) -> None:
        if self._link is not None:
            self._link.close(FanoutError("closed"))
            self._link = None

    async def _connected(self) -> RedisLink:
        if self._link is None or self._link.ended.done():
            self._link = await connect_link(self._endpoint)
            self._connections += 1
            if self._database:
                await self._link.ask([command(b"SELECT", b"%d" % self._database)], 1)
        return self._link


def _packed(words: Command) -> bytes:
    packed: bytes = hiredis.pack_command(words)  # type: ignore[arg-type] # its stub allows one word
    return packed
