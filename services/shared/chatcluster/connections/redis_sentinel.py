"""A server that Sentinels know by name, wherever it is just now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from chatcluster.connections.redis_link import Endpoint, command
from chatcluster.connections.redis_pair import Links, Pair, Wiring
from chatcluster.connections.redis_target import first_that_answers
from chatcluster.core.errors import FanoutError


@dataclass(frozen=True, slots=True)
class Sentinel:
    """The master called *name* of the Sentinels at *seeds*; *master* says how to speak to it, and
    not where it is.

    Source: Redis documentation, "Sentinel client spec". A master that is demoted loses its clients
    (Sentinel sends it CLIENT KILL), so whoever was connected to it asks again.
    """

    seeds: Sequence[Endpoint]
    name: str
    master: Endpoint

    async def connect(self, wiring: Wiring) -> Links:
        host, port = await self._where()
        keys = wiring.reader.keys if wiring.reader is not None else ()
        pair = await Pair(wiring).connect(replace(self.master, host=host, port=port), keys)
        try:
            ((role, *_),) = await pair.publishing.ask([command(b"ROLE")], 1)
            if role != b"master":  # promoted, but it does not know yet; or the reverse
                raise FanoutError(f"{host}:{port} is not the master of {self.name!r}")
        except FanoutError as error:
            pair.close(error)
            raise
        return pair

    async def _where(self) -> tuple[str, int]:
        question = command(b"SENTINEL", b"GET-MASTER-ADDR-BY-NAME", self.name.encode())
        async with first_that_answers(self.seeds) as link:
            (place,) = await link.ask([question], 1)
        if place is None:
            raise FanoutError(f"the Sentinels know no master {self.name!r}")
        host, port = place
        return host.decode(), int(port)
