"""The directory of rooms in Postgres, for any number of gateways."""

from __future__ import annotations

from collections.abc import Sequence

from chatcluster.core.codes import TOO_MANY_ROOMS
from chatcluster.core.errors import Refused
from chatcluster.history.port import RoomRecord
from chatcluster.history.postgres_database import Database, original, stored


class PostgresDirectory:
    """At most *limit* rooms in the table `<prefix>_directory`. Raises ValueError for a DSN or
    prefix that is none."""

    def __init__(self, dsn: str, limit: int, *, prefix: str = "chatcluster") -> None:
        self._database = Database(dsn, prefix, connections=1)
        self._limit = limit

    async def create(self, record: RoomRecord) -> bool:
        """Raises Refused when the directory is full, too."""
        asked = (stored(record.name), record.created, self._limit)
        ((created,),) = await self._database.call("create", *asked)
        if created < 0:
            raise Refused(TOO_MANY_ROOMS, f"there are {self._limit} rooms, and no more may be")
        return bool(created)

    async def remove(self, name: str) -> bool:
        ((removed,),) = await self._database.call("remove", stored(name))
        return bool(removed)

    async def exists(self, name: str) -> bool:
        return bool(await self._database.call("listed", stored(name)))

    async def list(self) -> Sequence[RoomRecord]:
        rows = await self._database.call("listed")
        records = [RoomRecord(original(name), created) for name, created in rows]
        return sorted(records, key=lambda record: (record.created, record.name))

    async def close(self) -> None:
        await self._database.close()
