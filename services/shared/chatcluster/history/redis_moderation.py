"""What moderates the chat, in Redis or Valkey, for any number of gateways."""

from __future__ import annotations

from collections.abc import Sequence

from chatcluster.connections.redis_exchange import Exchange
from chatcluster.core.deeds import Deed
from chatcluster.core.errors import HistoryError, MalformedError
from chatcluster.core.sanctions import Sanction
from chatcluster.history.lane import Lane
from chatcluster.history.port import DEEDS, ENDED_SECONDS
from chatcluster.history.script import Script

IMPOSE = Script.load("sanctions", "impose")
LIFT = Script.load("sanctions", "lift")
VERSION = b"version"


class RedisModeration:
    """A hash, `<prefix>:sanctions`, and a list, `<prefix>:deeds`."""

    shared = True

    def __init__(self, url: str, *, prefix: str = "chatcluster") -> None:
        self._lane = Lane(Exchange(url))
        self._sanctions = f"{prefix}:sanctions".encode()
        self._deeds = f"{prefix}:deeds"

    async def impose(self, sanction: Sanction) -> None:
        ends = b"" if sanction.until is None else repr(sanction.until).encode()
        ended = repr(sanction.made - ENDED_SECONDS)
        args = (sanction.id, ends + b" " + sanction.encode(), ended)
        await self._lane.run(IMPOSE, [self._sanctions], args)

    async def lift(self, id: str) -> bool:
        return bool(await self._lane.run(LIFT, [self._sanctions], (id,)))

    async def version(self) -> int:
        return int(await self._lane.command("HGET", self._sanctions, VERSION) or 0)

    async def sanctions(self) -> tuple[int, Sequence[Sanction]]:
        reply = await self._lane.command("HGETALL", self._sanctions)
        fields = dict(zip(reply[::2], reply[1::2], strict=True))
        version = int(fields.pop(VERSION, 0))
        try:
            kept = [Sanction.decode(value.partition(b" ")[2]) for value in fields.values()]
        except MalformedError as error:
            raise HistoryError(f"in {self._sanctions.decode()}: {error}") from error
        return version, kept

    async def record(self, deed: Deed) -> None:
        await self._lane.command("LPUSH", self._deeds, deed.encode())
        await self._lane.command("LTRIM", self._deeds, 0, DEEDS - 1)

    async def deeds(self, skip: int, limit: int) -> Sequence[Deed]:
        if limit < 1:
            return ()
        reply = await self._lane.command("LRANGE", self._deeds, skip, skip + limit - 1)
        try:
            return [Deed.decode(text) for text in reply]
        except MalformedError as error:
            raise HistoryError(f"in {self._deeds}: {error}") from error

    async def close(self) -> None:
        await self._lane.close()
