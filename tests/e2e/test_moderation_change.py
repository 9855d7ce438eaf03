"""What moderators ordered holds on while the fan-out is changed, also what was ordered while
gateways were apart.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp
import pytest

from tests.e2e.change import Changing, target
from tests.e2e.moderators import code, look, order, until, until_joined
from tests.postgres_server import Postgres
from tests.servers import Valkey

pytestmark = [pytest.mark.timeout(90), pytest.mark.asyncio(loop_scope="session")]


async def test_orders_hold_through_changes_and_reach_those_who_were_apart(
    valkey: Valkey, postgres: Postgres, tmp_path: Path, connect, room: str
) -> None:
    """Without a store, in which they would look."""
    cluster = Changing(tmp_path, valkey, postgres, valkey, gateways=2, variables={"history": "off"})
    here, there = cluster.gateways
    with cluster.running() as controller:
        async with aiohttp.ClientSession() as http:

            async def change(mode: str) -> None:
                await asyncio.to_thread(controller.drive, target(mode))

            async def known_there(what: str) -> None:
                async def known() -> bool:
                    return what in str(await look(http, there))

                await until(known)

            bob = await connect(there.url)
            await bob.ask("join", room)
            await order(http, here, "close", room=room)
            assert (await bob.next("closed"))["code"] == "room_closed"
            await change("hub")
            assert code(await bob.ask("join", room)) == "room_closed"
            await order(http, here, "open", room=room)
            await until_joined(bob, room)

            await change("isolated")
            await order(http, here, "close", room=room, reason="while apart")
            await order(http, here, "mute", who={"address": "127.0.0.1"}, room="", reason="hush")
            await change("adapter")
            await known_there("while apart")
            await known_there("hush")
            assert (await bob.next("closed"))["message"].endswith("while apart")
            assert code(await bob.ask("chat message", {"message": "hello"})) == "muted"
