"""A Node server under the control of a test."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.servers import missing

HERE = Path(__file__).parent
PACKAGES = HERE.parent / "node_modules"
PATIENCE = 6.0  # seconds: one more than Node's own timeouts, which are then seen as such

UNDEFINED = {"$undefined": True}


class NodeError(Exception):
    """A command failed."""


class NodeServer:
    """A Socket.IO server with clients of its own, in another process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._events: dict[str, asyncio.Queue[Any]] = {}
        self._commands = 0

    async def do(self, what: str, **fields: Any) -> Any:
        """Carry out a command and return its result."""
        self._commands += 1
        line = json.dumps(_to_plain({"id": self._commands, "do": what, **fields}))
        answer = self._answers[self._commands] = asyncio.get_running_loop().create_future()
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")
        return await asyncio.wait_for(answer, PATIENCE)

    async def until(self, what: str, wanted: Any, **fields: Any) -> None:
        """Return when the result of a command is *wanted*."""
        async with asyncio.timeout(PATIENCE):
            while await self.do(what, **fields) != wanted:  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0.01)

    async def client(self, name: str, *rooms: str, namespace: str = "/", **fields: Any) -> str:
        """Connect a client in these rooms, perhaps with `data`, which acknowledges with `acks`;
        return its id."""
        sid: str = await self.do("client", name=name, rooms=rooms, namespace=namespace, **fields)
        return sid

    async def got(self, client: str) -> list[Any]:
        """The next event of a client, with its arguments."""
        event: list[Any] = await asyncio.wait_for(self._queue(client).get(), PATIENCE)
        return event

    async def listen(self) -> None:
        """Read what the process says until it ends."""
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            said = _from_plain(json.loads(line))
            if "client" in said:
                self._queue(said["client"]).put_nowait(said["got"])
            elif "failed" in said:
                self._answers.pop(said["id"]).set_exception(NodeError(said["failed"]))
            else:
                self._answers.pop(said["id"]).set_result(said["done"])

    def _queue(self, client: str) -> asyncio.Queue[Any]:
        return self._events.setdefault(client, asyncio.Queue())


@asynccontextmanager
async def node_server(
    url: str | list[str], protocol: str = "classic", *, recovery: bool = False, **options: Any
) -> AsyncIterator[NodeServer]:
    """A server on the Redis at *url*, or the cluster at all of them, whose adapter has *options*;
    skips the test where Node.js is missing."""
    node = shutil.which("node")
    if node is None:
        missing("Node.js")
    if not PACKAGES.is_dir():
        missing("tests/node_modules (tests/setup-node.sh makes it)")
    process = await asyncio.create_subprocess_exec(
        str(node),
        str(HERE / "node_server.js"),
        json.dumps({"url": url, "protocol": protocol, "options": options, "recovery": recovery}),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**22,
    )
    server = NodeServer(process)
    listening = asyncio.create_task(server.listen())
    try:
        yield server
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()
        await listening


def _to_plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    if isinstance(value, datetime):
        return {"$date": value.isoformat()}
    if isinstance(value, dict):
        return {key: _to_plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_to_plain(inner) for inner in value]
    return value


def _from_plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_from_plain(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    if "$bytes" in value:
        return base64.b64decode(value["$bytes"])
    if "$date" in value:
        return datetime.fromisoformat(value["$date"])
    return {key: _from_plain(inner) for key, inner in value.items()}
