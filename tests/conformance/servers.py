"""Echo servers to be compared: ours in this process, and Node's."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import uvloop

from chat_gateway.echo_server import echo_server
from chat_gateway.standalone import Options
from tests.servers import missing

START_SECONDS = 15.0
HERE = Path(__file__).parent
PACKAGES = HERE.parent / "node_modules"

# As tests need them: without pings, with many, and without patience of one kind or the other.
CALM = Options(ping_interval=60_001, ping_timeout=20_003, connect_timeout=60_000)
PINGING = Options(ping_interval=150)
DEAF = Options(ping_interval=100, ping_timeout=101)
HASTY = Options(connect_timeout=300, upgrade_timeout=300)


class Servers(NamedTuple):
    """The ports of one kind of server."""

    kind: str
    calm: int
    pinging: int
    deaf: int
    hasty: int


@contextmanager
def ours(options: Sequence[Options]) -> Iterator[list[int]]:
    """Gives the ports. Raises AssertionError if anything went wrong on their event loop."""
    started: Future[tuple[list[int], Callable[[], object]]] = Future()
    with ThreadPoolExecutor(1) as thread:
        ended = thread.submit(lambda: uvloop.run(_serve(options, started)))
        ports, stop = started.result(START_SECONDS)
        try:
            yield ports
        finally:
            stop()
            failures = ended.result(START_SECONDS)
    assert not failures


async def _serve(
    options: Sequence[Options], started: Future[tuple[list[int], Callable[[], object]]]
) -> list[dict[str, Any]]:
    loop = asyncio.get_running_loop()
    failures: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: failures.append(context))
    stopped = asyncio.Event()
    async with AsyncExitStack() as stack:
        listening = [echo_server(one).listening() for one in options]
        ports = [await stack.enter_async_context(one) for one in listening]
        started.set_result((ports, lambda: loop.call_soon_threadsafe(stopped.set)))
        await stopped.wait()
    return failures


@contextmanager
def nodes(options: Sequence[Options]) -> Iterator[list[int]]:
    """Gives the ports; skips the test where Node.js is missing."""
    node = shutil.which("node")
    if node is None:
        missing("Node.js")
    if not PACKAGES.is_dir():
        missing("tests/node_modules (tests/setup-node.sh makes it)")
    given = json.dumps([_for_node(one) for one in options])
    process = subprocess.Popen(
        [str(node), str(HERE / "reference_server.js"), given],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())


def _for_node(options: Options) -> dict[str, int]:
    return {
        "pingInterval": options.ping_interval,
        "pingTimeout": options.ping_timeout,
        "connectTimeout": options.connect_timeout,
        "upgradeTimeout": options.upgrade_timeout,
        "maxHttpBufferSize": options.max_payload,
    }


KINDS: dict[str, Callable[[Sequence[Options]], AbstractContextManager[list[int]]]] = {
    "chatcluster": ours,
    "node": nodes,
}
