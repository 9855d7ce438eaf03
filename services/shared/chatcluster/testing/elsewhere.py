"""A gateway in a process of its own, which can be killed and paused."""

from __future__ import annotations

import asyncio
import base64
import pickle
import signal
import sys
from collections.abc import Callable

from chatcluster.core.request import Reply, Request
from chatcluster.fanout.port import Fanout
from chatcluster.testing.harness import Answers, Gateway

START_SECONDS = 10.0


def _begin(request: Request, reply: Callable[[Reply], None]) -> None:
    reply(Reply(("begun",), clients=2, last=False))


BEHAVIOURS: dict[str, Answers] = {
    "silent": lambda request, reply: None,
    "begins": _begin,
    "answers": lambda request, reply: reply(Reply(("elsewhere",))),
}


class Elsewhere:
    """It answers as BEHAVIOURS has it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, recipe: Callable[[], Fanout], name: str, behaviour: str) -> Elsewhere:
        """Return when it is open."""
        pickled = base64.b64encode(pickle.dumps(recipe)).decode()
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "chatcluster.testing.elsewhere", pickled, name, behaviour),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        async with asyncio.timeout(START_SECONDS):
            async for line in process.stdout:  # log lines among them
                if line == b"open\n":
                    return cls(process)
        raise AssertionError("it ended before it was open")

    async def kill(self) -> None:
        """It is gone without a goodbye."""
        self._process.kill()
        await self._process.wait()

    def pause(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    async def stop(self) -> None:
        """In whatever state it is."""
        if self._process.returncode is None:
            self.resume()
            assert self._process.stdin is not None
            self._process.stdin.close()
            await self._process.wait()


async def _live(recipe: Callable[[], Fanout], name: str, behaviour: str) -> None:
    gateway = Gateway(recipe(), name)
    gateway.answers = BEHAVIOURS[behaviour]
    await gateway.open("a", "")
    print("open", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await gateway.fanout.close()


if __name__ == "__main__":
    asyncio.run(_live(pickle.loads(base64.b64decode(sys.argv[1])), *sys.argv[2:]))
