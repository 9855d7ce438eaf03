"""Mode `postgres` under contract: a real Postgres."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import partial
from pathlib import Path

from chatcluster.fanout.asking import Asking
from chatcluster.fanout.port import Fanout
from chatcluster.fanout.postgres import PostgresFanout
from tests.postgres_server import Postgres


class PostgresHarness:
    shared = True
    durable = True

    def __init__(self, folder: Path) -> None:
        self.server = Postgres()
        self.prefix = f"contract_{secrets.token_hex(4)}"

    async def start(self) -> None:
        self.server.start()

    async def stop(self) -> None:
        self.server.stop()

    def fanout(self) -> Fanout:
        return self.recipe()()

    def recipe(self) -> Callable[[], Fanout]:
        return partial(_fanout, self.server.url(), self.prefix, secrets.token_hex(4))

    async def kill(self) -> None:
        self.server.kill()

    async def restart(self) -> None:
        self.server.start()

    async def pause(self) -> None:
        self.server.pause()

    async def resume(self) -> None:
        self.server.resume()


def _fanout(dsn: str, prefix: str, origin: str) -> Fanout:
    return Asking(PostgresFanout(dsn, prefix=prefix), origin)
