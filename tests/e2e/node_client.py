"""Node's Socket.IO client under the control of a test."""

from __future__ import annotations

import asyncio
import itertools
import json
import shutil
from pathlib import Path
from typing import Any

from tests.e2e.mailbox import PATIENCE, Mailbox, Refused
from tests.servers import missing

HERE = Path(__file__).parent
PACKAGES = HERE.parent / "node_modules"
TRANSPORTS = {
    "websocket": ["websocket"],
    "polling": ["polling"],
    "upgrade": ["polling", "websocket"],
}


class NodeProcess:
    """Holds any number of clients; started when the first one is wanted."""

    def __init__(self) -> None:
        self.mailboxes: dict[str, Mailbox] = {}
        self._process: asyncio.subprocess.Process | None = None
        self._listening: asyncio.Task[None] | None = None
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._numbers = itertools.count(1)

    async def start(self) -> None:
        """Skips the test where Node.js is missing."""
        if self._process is not None:
            return
        node = shutil.which("node")
        if node is None:
            missing("Node.js")
        if not PACKAGES.is_dir():
            missing("tests/node_modules (tests/setup-node.sh makes it)")
        self._process = await asyncio.create_subprocess_exec(
            str(node),
            str(HERE / "node_client.mjs"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=2**22,
        )
        self._listening = asyncio.create_task(self._listen(self._process))

    async def stop(self) -> None:
        if self._process is None or self._listening is None:
            return
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()
        await self._listening

    async def do(self, what: str, name: str, **fields: Any) -> Any:
        """Carry out a command and return its result. Raises Refused."""
        assert self._process is not None
        assert self._process.stdin is not None
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        line = json.dumps({"id": number, "do": what, "name": name, **fields})
        self._process.stdin.write(line.encode() + b"\n")
        return await asyncio.wait_for(answer, PATIENCE)

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            said = json.loads(line)
            if "client" in said:
                self.mailboxes[said["client"]].put(*said["got"])
            else:
                self._answer(said)

    def _answer(self, said: dict[str, Any]) -> None:
        answer = self._answers.pop(said["id"])
        if answer.done():  # nobody waits any more
            return
        if "refused" in said:
            refused = said["refused"]
            answer.set_exception(Refused(refused["message"], refused.get("data")))
        else:
            answer.set_result(said["done"])


class NodeClient(Mailbox):
    """One client; *transport* is a key of TRANSPORTS."""

    _names = itertools.count(1)

    def __init__(self, process: NodeProcess, transport: str) -> None:
        super().__init__()
        self.name = f"client-{next(self._names)}"
        self._node = process
        self._transports = TRANSPORTS[transport]
        process.mailboxes[self.name] = self

    async def connect(
        self,
        *urls: str | NodeClient,
        namespace: str = "/",
        auth: Any = None,
        reconnect: bool = True,
    ) -> None:
        """Raises Refused. Of several *urls*, the next one is taken after every loss; a client
        instead of them shares its connection.
        """
        await self._node.start()
        options = {
            "transports": self._transports,
            "reconnection": reconnect,
            "reconnectionDelay": 100,
            "auth": auth,
        }
        if isinstance(urls[0], NodeClient):
            await self._node.do(
                "connect", self.name, beside=urls[0].name, namespace=namespace, options=options
            )
            return
        await self._node.do("connect", self.name, urls=urls, namespace=namespace, options=options)

    async def emit(self, *args: Any) -> None:
        await self._node.do("emit", self.name, args=args)

    async def ask(self, *args: Any) -> Any:
        """Emit, and return the acknowledgement."""
        return await self._node.do("ask", self.name, args=args)

    async def burst(self, event: str, items: list[Any]) -> list[Any]:
        """Emit all without waiting; the acknowledgements."""
        acks: list[Any] = await self._node.do("burst", self.name, event=event, items=items)
        return acks

    async def transport(self) -> str:
        name: str = await self._node.do("transport", self.name)
        return name

    async def cut(self) -> None:
        """Vanish without a goodbye (on a WebSocket)."""
        await self._node.do("cut", self.name)

    async def close(self) -> None:
        await self._node.do("close", self.name)
