"""Mode `postgres` under contract: a real Postgres."""

from __future__ import annotations

import atexit
import secrets
from collections.abc import Callable
from functools import partial
from pathlib import Path

from chatcluster.fanout.asking import Asking
from chatcluster.fanout.port import Fanout
from chatcluster.fanout.postgres import PostgresFanout
from tests.postgres_server import Postgres

# A Postgres that was neither killed nor paused serves the next test, under another prefix: to start
# one takes longer than most tests.
_idle: list[Postgres] = []


@atexit.register
def _end_idle() -> None:
    for server in _idle:
        server.stop()


class PostgresHarness:
    shared = True
    durable = True

    def __init__(self, folder: Path) -> None:
        self.server = _idle.pop() if _idle else Postgres()
        self.prefix = f"contract_{secrets.token_hex(4)}"
        self._harmed = False

    async def start(self) -> None:
        if not self.server.running:
            self.server.start()

    async def stop(self) -> None:
        if self._harmed:
            self.server.stop()
        else:
            _idle.append(self.server)

    def fanout(self) -> Fanout:
        return self.recipe()()

    def recipe(self) -> Callable[[], Fanout]:
        return partial(_fanout, self.server.url(), self.prefix, secrets.token_hex(4))

    async def kill(self) -> None:
        self._harmed = True
        self.server.kill()

    async def restart(self) -> None:
        self.server.start()

    async def pause(self) -> None:
        self._harmed = True
        self.server.pause()

    async def resume(self) -> None:
        self.server.resume()


def _fanout(dsn: str, prefix: str, origin: str) -> Fanout:
    return Asking(PostgresFanout(dsn, prefix=prefix), origin)
