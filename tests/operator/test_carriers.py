"""Whether a server answers at all."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import pytest

from chat_operator import carriers
from tests.postgres_fixtures import postgres as postgres
from tests.servers import Valkey, free_port


@pytest.mark.parametrize("mode", ["redis", "adapter"])
async def test_a_redis_answers_without_a_password(valkey: Valkey, mode):
    assert await carriers.problem(mode, f"127.0.0.1:{valkey.port}") == ""


async def test_a_postgres_answers(postgres):
    assert await carriers.problem("postgres", f"127.0.0.1:{postgres.port}") == ""


async def test_an_address_where_nobody_listens_is_named():
    address = f"127.0.0.1:{free_port()}"
    assert (await carriers.problem("redis", address)).startswith(f"{address}: ")


async def test_a_name_that_is_none_is_named():
    assert "nowhere.invalid:6379" in await carriers.problem("redis", "nowhere.invalid:6379")


@asynccontextmanager
async def server(handle):
    """Its port; at the end of the body its one connection has been handled."""
    handled = asyncio.Event()

    async def handler(reader, writer):
        await handle(reader)
        writer.close()
        await writer.wait_closed()
        handled.set()

    async with await asyncio.start_server(handler, "127.0.0.1", 0) as listening:
        yield listening.sockets[0].getsockname()[1]
        await handled.wait()


async def test_a_server_that_says_nothing_is_not_waited_for_long(monkeypatch):
    monkeypatch.setattr(carriers, "SECONDS", 0.2)
    async with server(lambda reader: reader.read()) as port:
        told = await carriers.problem("redis", f"127.0.0.1:{port}")
    assert told == f"127.0.0.1:{port} does not answer within 0.2 s"


async def test_a_server_that_hangs_up_is_no_server():
    async with server(lambda reader: reader.readexactly(8)) as port:
        assert "closes the connection" in await carriers.problem("postgres", f"127.0.0.1:{port}")
