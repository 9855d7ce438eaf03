"""Ten thousand hostile handshakes and events, bombs and floods: the gateway lives, its memory is
bounded, and others chat on.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import random
import re
import threading
import time
import zlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from chat_gateway.sockets import frames
from tests.e2e.hostile import AMBIGUOUS, HEADERS, POLLING, WEBSOCKET, handshakes, packets, smuggling
from tests.e2e.lone_gateway import Witness, lone_gateway, unharmed
from tests.e2e.raw_clients import SECONDS, Poller, exchange
from tests.gateways import Program

HANDSHAKES, EVENTS, PER_CLIENT = 5000, 5000, 100
AT_ONCE = 40
MEMORY = 80 * 2**20  # bytes that a gateway may grow by, whatever comes
OPENING = b"\r\n".join([f"GET {WEBSOCKET} HTTP/1.1".encode(), *HEADERS, b"", b""])
STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ")

T = TypeVar("T")

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    limits = {"max_payload": 200_000, "request_timeout": 2, "send_buffer": 65_536}
    limits |= {"ping_interval": 3, "ping_timeout": 5}  # after which a poller that is gone is
    with lone_gateway(tmp_path_factory.mktemp("hostile"), **limits) as program:
        yield program


@pytest.fixture(autouse=True)
def others(gateway: Program) -> Iterator[None]:
    """Two others chat all the time; in the end, nothing of the hostile ones may be left."""
    assert gateway.process is not None
    pid = gateway.process.pid
    with unharmed(gateway) as witness, _chatting(witness):
        Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak is what is used now (proc(5))
        connections, memory = gateway.stats()["connections"], _peak(pid)
        yield
        grown = _peak(pid) - memory
        deadline = time.monotonic() + 30
        while gateway.stats()["connections"] > connections:
            assert time.monotonic() < deadline, "connections are left over"
            time.sleep(0.1)
    assert grown < MEMORY


def _peak(pid: int) -> int:
    """Bytes of memory that the process had at most."""
    status = Path(f"/proc/{pid}/status").read_text()
    return 1024 * int(re.findall(r"^VmHWM:\s+(\d+) kB$", status, re.M)[0])


@contextlib.contextmanager
def _chatting(witness: Witness) -> Iterator[None]:
    over = threading.Event()
    failures: list[BaseException] = []

    def chat() -> None:
        try:
            while not over.wait(0.1):
                witness.chats()
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=chat)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    assert not failures, failures


def test_thousands_of_hostile_handshakes(gateway: Program) -> None:
    """Each is refused, opened or cut; none is answered twice, and nothing is a defect of ours."""
    requests = handshakes(HANDSHAKES, random.Random(9))
    answers = asyncio.run(_all(requests, lambda sent: _answer(gateway.port, sent)))
    assert set(answers) <= {0, 101, 200, 400, 403, 404, 405, 408, 413, 431}
    assert answers[400] > HANDSHAKES / 4


def test_thousands_of_hostile_events(gateway: Program) -> None:
    chance = random.Random(9)
    clients = [list(packets(PER_CLIENT, chance)) for _ in range(EVENTS // PER_CLIENT)]
    answers = asyncio.run(_all(clients, lambda sent: _chat(gateway.port, sent)))
    refused = sum(count * times for count, times in answers.items())
    assert refused > EVENTS / 20, "many were well formed"


@pytest.mark.parametrize("ambiguity", AMBIGUOUS, ids=repr)
@pytest.mark.parametrize("line", [f"POST {POLLING}", f"GET {WEBSOCKET}", "GET /"])
def test_no_second_request_hides_in_an_ambiguous_one(
    gateway: Program, line: str, ambiguity: list[bytes]
) -> None:
    """It is answered once, with a refusal, and the connection is closed."""
    answer = exchange(gateway.port, smuggling(ambiguity, line))
    statuses = STATUS.findall(answer)
    assert b"smuggled" not in answer
    assert statuses in ([b"400"], [b"501"]), answer


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_compressed_body_stays_small(gateway: Program, encoding: str) -> None:
    compress = gzip.compress if encoding == "gzip" else zlib.compress
    bomb = compress(bytes(60 * 2**20))
    client = Poller(gateway.port)
    client.headers["Content-Encoding"] = encoding
    status, _ = client.request("POST", bomb)
    assert status in (400, 413)
    client.headers.clear()
    assert client.get()[0] == 400, "the session is over"


def test_compression_is_not_agreed_to(gateway: Program) -> None:
    async def offer() -> bytes:
        async with _connected(gateway.port) as (reader, writer):
            extension = b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"
            writer.write(OPENING[:-2] + extension + b"\r\n\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            assert b"101" in head
            assert b"extensions" not in head.lower()
            bomb = zlib.compress(bytes(2**20))[2:-4]
            writer.write(_frame(b"\xc1", bomb))
            return await reader.read()

    assert asyncio.run(offer()).endswith(frames.close_frame(1002, "reserved bits are set"))


NOTHING = b"\0\0\0\0"  # a mask
FLOODS = {
    "fragments of nothing": b"\x01\x80" + NOTHING + (b"\x00\x80" + NOTHING) * 100_000,
    "fragments of a byte": b"\x01\x80" + NOTHING + (b"\x00\x81" + NOTHING + b"x") * 100_000,
    "fragments with pings between": b"\x01\x80"
    + NOTHING
    + (b"\x00\x80" + NOTHING + b"\x89\x80" + NOTHING) * 50_000,
    "pings": (b"\x89\xfd" + NOTHING + b"p" * 125) * 20_000,
    "pongs of sessions": (b"\x81\x81" + NOTHING + b"3") * 50_000,
    "events": (b"\x81\x9a" + NOTHING + b'42["chat message",{"a":1}]') * 20_000,
    "a frame larger than all memory": b"\x82\xff" + b"\x7f" * 8 + NOTHING + bytes(100_000),
    "a frame that does not end": b"\x82\xff" + (199_999).to_bytes(8, "big") + NOTHING + bytes(1000),
}


@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS)
def test_floods_do_not_fill_the_memory(gateway: Program, flood: bytes) -> None:
    """Of clients that do not read what they are sent."""

    async def pour() -> None:
        async with _connected(gateway.port) as (_, writer):
            writer.write(OPENING + b"\x81\x82" + NOTHING + b"40" + flood)
            with contextlib.suppress(ConnectionError):
                await writer.drain()

    async def pour_from_many() -> None:
        await asyncio.gather(*(pour() for _ in range(5)))

    asyncio.run(pour_from_many())


async def _answer(port: int, sent: bytes) -> int:
    """The status of the one answer to what was sent; 0 for none."""
    async with _connected(port) as (reader, writer):
        received = b""
        with contextlib.suppress(ConnectionError, TimeoutError):
            writer.write(sent)
            if b"\r\n\r\n" in sent:
                async with asyncio.timeout(0.2):  # some of them are requests that have not ended
                    received = await reader.read(65_536)
            writer.write_eof()
            received += await reader.read()
    statuses = [int(status) for status in STATUS.findall(received)]
    assert b"smuggled" not in received
    assert len(statuses) <= 1 or statuses[1:] == [400], (sent, received)
    return statuses[0] if statuses else 0


async def _chat(port: int, packets: list[str]) -> int:
    """Say all this, ten at a time on a WebSocket; how many of them were refused."""
    refused, left = 0, list(packets)
    while left:
        async with _connected(port) as (reader, writer):
            writer.write(OPENING + _frame(b"\x81", b"40"))
            with contextlib.suppress(ConnectionError):
                for _ in range(10):
                    if left:
                        writer.write(_frame(b"\x81", left.pop().encode()))
                writer.write(_frame(b"\x88", b"\x03\xe8"))
                refused += (await reader.read()).count(b'"error":{"code":')
    return refused


async def _all(sent: Iterable[T], act: Callable[[T], Awaitable[int]]) -> Counter[int]:
    """Act on each, many at once; how often each outcome came."""
    outcomes: Counter[int] = Counter()
    waiting = iter(sent)

    async def work() -> None:
        for one in waiting:
            outcomes[await act(one)] += 1

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    return outcomes


@contextlib.asynccontextmanager
async def _connected(
    port: int,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    async with asyncio.timeout(6 * SECONDS):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            yield reader, writer
        finally:
            writer.transport.abort()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


def _frame(first: bytes, payload: bytes) -> bytes:
    """Of a client: masked, with a mask of zeros."""
    if len(payload) < 126:
        return first + bytes([0x80 | len(payload)]) + NOTHING + payload
    if len(payload) < 65_536:
        return first + b"\xfe" + len(payload).to_bytes(2, "big") + NOTHING + payload
    return first + b"\xff" + len(payload).to_bytes(8, "big") + NOTHING + payload
