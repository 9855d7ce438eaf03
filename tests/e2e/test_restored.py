"""The room logs are put back to an older copy: nobody is told that nothing is missing."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Callable

import pytest

from tests.documented import checked, executed
from tests.e2e.command import COMMAND
from tests.gateways import Cluster
from tests.postgres_server import programs

pytestmark = pytest.mark.asyncio(loop_scope="session")

_, SWAP, _ = checked("docs/operation.md", "appendonlydir").commands
DUMP = executed("docs/operation.md", "pg_dump").script
RESTORE = executed("docs/operation.md", "pg_restore").script
TWO_ROOMS = "2 rooms have a new epoch.\n"  # the lobby is one


async def say(client, room: str, *words: str) -> list[str]:
    """Their ids."""
    return [
        (await client.ask("chat message", {"room": room, "message": word}))["id"] for word in words
    ]


async def clients_are_told(
    cluster: Cluster, connect, room: str, backup: Callable[[], object], restore: Callable[[], None]
) -> None:
    """Three messages are in the backup, two come after it, and as many after the restore."""
    one, two = cluster.gateways
    ada = await connect(one.url)
    await ada.ask("join", room)
    kept = await say(ada, room, "kept 1", "kept 2", "kept 3")
    backup()
    lost = await say(ada, room, "lost 1", "lost 2")
    await ada.close()
    for gateway in cluster.gateways:
        gateway.stop()
    restore()
    for gateway in cluster.gateways:
        gateway.start()

    bob = await connect(two.url)
    await bob.ask("join", room)
    new = await say(bob, room, "new 1", "new 2")
    assert [id.split("-")[1] for id in new] == [id.split("-")[1] for id in lost]
    ada = await connect(one.url)
    for seen in (lost[-1], lost[0], kept[-1]):
        reply = await ada.ask("join", {"room": room, "after": seen})
        assert reply["complete"] is False
        words = [message["message"] for message in reply["messages"]]
        assert words == ["kept 1", "kept 2", "kept 3", "new 1", "new 2"]
        ids = {message["id"] for message in reply["messages"]}
        assert len(ids) == 5
        assert ids.isdisjoint({*kept, *lost})
        await ada.ask("leave", room)
    reply = await ada.ask("join", {"room": room, "after": reply["position"]})
    assert (reply["messages"], reply["complete"]) == ([], True)
    (last,) = await say(bob, room, "last")
    assert (await ada.next("chat message"))["id"] == last


async def test_who_saw_what_a_restored_valkey_lacks_is_told(
    own_valkey, make_cluster, connect, room, cli
):
    cluster = make_cluster("adapter", redis_url=own_valkey.url)
    copies: list[bytes] = []

    def restore() -> None:
        own_valkey.put_back(copies.pop(), shlex.split(SWAP)[-1])
        variables = cluster.gateways[0].variables
        for _ in range(2):  # it may be repeated
            assert cli.run("restored", **variables) == (0, TWO_ROOMS, "")

    await clients_are_told(
        cluster, connect, room, lambda: copies.append(own_valkey.backup()), restore
    )


async def test_who_saw_what_a_restored_postgres_lacks_is_told(
    own_postgres, make_cluster, connect, room, tmp_path
):
    cluster = make_cluster("adapter", history="postgres", postgres_dsn=own_postgres.url())

    def run(script: str) -> str:
        path = os.pathsep.join((str(programs()), str(COMMAND.parent), os.environ["PATH"]))
        done = subprocess.run(
            ["bash", "-euc", script],
            env={**os.environ, "PATH": path, "CHAT_POSTGRES_DSN": own_postgres.url()},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def restore() -> None:
        assert run(RESTORE) == TWO_ROOMS

    await clients_are_told(cluster, connect, room, lambda: run(DUMP), restore)
