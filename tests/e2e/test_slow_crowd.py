"""A hundred of a thousand clients stop reading under full load: the others notice nothing, and the
gateway's memory stays flat.
"""

from __future__ import annotations

import asyncio
import socket

import psutil
import pytest

from benchmarks.client import Client
from tests.e2e.lone_gateway import lone_gateway

CLIENTS, DEAF = 1000, 100
SEND_BUFFER = 65_536
TEXT = "x" * 20_000  # so that what the kernel keeps for each is full in seconds
INFLIGHT = 4
SECONDS = 90.0


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    settings = {"history": "off", "send_buffer": SEND_BUFFER, "text_limit": 100_000}
    with lone_gateway(tmp_path_factory.mktemp("crowd"), **settings) as program:
        yield program


async def connected(port: int, *, sender: bool = False, receive_buffer: int = 0) -> Client:
    loop = asyncio.get_running_loop()
    connection = socket.socket()
    if receive_buffer:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    connection.setblocking(False)
    await loop.sock_connect(connection, ("127.0.0.1", port))
    client = Client(port, "", sender, TEXT)
    await loop.create_connection(lambda: client, sock=connection)
    await client.ready
    return client


@pytest.mark.slow
@pytest.mark.timeout(150)
async def test_a_hundred_of_a_thousand_that_stop_reading_are_closed_and_cost_no_memory(gateway):
    talker = await connected(gateway.port, sender=True)
    deaf = [await connected(gateway.port, receive_buffer=4096) for _ in range(DEAF)]
    others = [await connected(gateway.port) for _ in range(CLIENTS - DEAF - 1)]
    process = psutil.Process(gateway.process.pid)
    for client in deaf:
        client.transport.pause_reading()
    for _ in range(INFLIGHT):
        talker.say()
    memory = []
    async with asyncio.timeout(SECONDS):
        while gateway.stats()["connections"] > CLIENTS - DEAF:
            memory.append(process.memory_info().rss)
            await asyncio.sleep(0.2)
    # What may be unsent for each of them, and as much again for what is on its way to all.
    assert max(memory) - memory[0] < 2 * DEAF * SEND_BUFFER + 20_000_000
    assert not any(client.closed for client in others)
    before = [client.deliveries for client in others]
    async with asyncio.timeout(SECONDS):
        while any(now.deliveries < was + 3 for now, was in zip(others, before, strict=True)):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    for client in (talker, *deaf, *others):
        client.transport.abort()
