"""Who is cancelled in the middle of a command is cancelled, at whatever moment."""

from __future__ import annotations

import asyncio

import pytest

from chatcluster.connections.redis import connect
from chatcluster.connections.redis_exchange import Exchange
from chatcluster.core.errors import HistoryError
from chatcluster.history.lane import Lane, answering, exchange
from tests.servers import Valkey

TURNS = 60  # of the event loop: an exchange, the connecting included, takes fewer


async def test_no_cancellation_is_lost(valkey: Valkey) -> None:
    for turns in range(TURNS):
        async with connect(valkey.url) as redis:

            async def ask_twice(redis=redis) -> None:
                for _ in range(2):
                    async with answering():
                        await exchange(redis, [("PING",), ("PING",)])
                await asyncio.Event().wait()

            asking = asyncio.create_task(ask_twice())
            for _ in range(turns):
                await asyncio.sleep(0)
            asking.cancel()
            await asyncio.wait([asking], timeout=5)
            assert asking.cancelled(), f"after {turns} turns of the event loop"


async def test_what_a_closed_lane_had_not_begun_fails(valkey: Valkey) -> None:
    lane = Lane(Exchange(valkey.url))
    answer = lane.command("PING")
    await lane.close()
    with pytest.raises(HistoryError, match="closed"):
        await asyncio.wait_for(answer, 5)
