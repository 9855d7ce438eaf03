"""What moderates the chat, in Postgres, for any number of gateways."""

from __future__ import annotations

from collections.abc import Sequence

from chatcluster.connections.postgres_schema import Schema
from chatcluster.core.deeds import Deed
from chatcluster.core.errors import HistoryError, MalformedError
from chatcluster.core.sanctions import Sanction
from chatcluster.history.port import DEEDS, ENDED_SECONDS
from chatcluster.history.postgres_database import Database

_SCHEMA = Schema(
    package="chatcluster.history",
    table="sanctions",
    version=1,
    tables=("moderation_tables",),
    functions=("moderation",),
)


class PostgresModeration:
    """Tables `<prefix>_sanctions`, `…_deeds` and `…_moderation`. Raises ValueError for a DSN or
    prefix that is none.
    """

    shared = True

    def __init__(self, dsn: str, *, prefix: str = "chatcluster") -> None:
        self._database = Database(dsn, prefix, connections=1, schema=_SCHEMA)

    async def impose(self, sanction: Sanction) -> None:
        ended = sanction.made - ENDED_SECONDS
        kept = (sanction.id, sanction.encode(), sanction.until)
        await self._database.call("impose", *kept, ended)

    async def lift(self, id: str) -> bool:
        ((lifted,),) = await self._database.call("lift", id)
        return bool(lifted)

    async def version(self) -> int:
        ((version,),) = await self._database.call("changed")
        return int(version)

    async def sanctions(self) -> tuple[int, Sequence[Sanction]]:
        rows = await self._database.call("imposed")
        try:
            kept = [Sanction.decode(body) for _, body in rows if body is not None]
        except MalformedError as error:
            raise HistoryError(str(error)) from error
        return int(rows[0][0]), kept

    async def record(self, deed: Deed) -> None:
        await self._database.call("record", deed.encode(), DEEDS)

    async def deeds(self, skip: int, limit: int) -> Sequence[Deed]:
        rows = await self._database.call("recorded", skip, limit)
        try:
            return [Deed.decode(body) for (body,) in rows]
        except MalformedError as error:
            raise HistoryError(str(error)) from error

    async def close(self) -> None:
        await self._database.close()
