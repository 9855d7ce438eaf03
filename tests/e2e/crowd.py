"""Two hundred stock Socket.IO clients in one Node process (crowd.mjs), from Python."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.servers import missing

SCRIPT = Path(__file__).with_name("crowd.mjs")
MODULES = Path(__file__).parents[1] / "node_modules" / "socket.io-client"


class Crowd:
    """Clients that chat in rooms, check what they get, and resend what was not acknowledged."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._began = time.monotonic()

    def wait_ready(self) -> None:
        """Return when all have joined their rooms."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line == "ready\n", line

    def look(self) -> dict[str, Any]:
        """What was seen until now; `worstMs`: the slowest delivery since the last look."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("look\n")
        self._process.stdin.flush()
        seen: dict[str, Any] = json.loads(self._process.stdout.readline())
        return seen

    def finish(self) -> dict[str, Any]:
        """Stop sending; what was seen, with `problems` (none if every promise was kept)."""
        out, _ = self._process.communicate("stop\n", timeout=20)
        result: dict[str, Any] = json.loads(out.splitlines()[-1])
        return result


@contextmanager
def crowd(
    gateways: Sequence[str],
    *,
    clients: int = 200,
    rooms: int = 10,
    place: str = "room",
    every: int = 1000,
    transports: Sequence[str] = ("websocket",),
    holes: bool = False,
) -> Iterator[Crowd]:
    """Started, and joined when `wait_ready` has returned; *every* is milliseconds.

    Crowds that meet the same room logs each need a *place* of their own. *holes*: what other
    gateways' clients say may come late (mode `isolated`).
    """
    if shutil.which("node") is None or not MODULES.exists():
        missing("Node.js with the packages of tests/package.json")
    options = {
        "gateways": list(gateways),
        "clients": clients,
        "rooms": rooms,
        "place": place,
        "every": every,
        "transports": list(transports),
        "holes": holes,
    }
    process = subprocess.Popen(
        ["node", str(SCRIPT), json.dumps(options)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Crowd(process)
    finally:
        process.kill()
        process.communicate()
