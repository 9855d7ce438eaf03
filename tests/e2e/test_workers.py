"""Workers answer into rooms of real gateways, and what the documentation shows works."""

from __future__ import annotations

import asyncio
import re
import shlex
import tomllib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from chatcluster.connections.redis import connect as redis_at
from tests.documented import Block, executed
from tests.e2e.clients import Connect
from tests.e2e.conftest import MakeCluster
from tests.gateways import Cluster, Program
from tests.servers import Valkey
from tests.workers import install, until, worker

pytestmark = pytest.mark.asyncio(loop_scope="session")

DOCS = Path(__file__).parents[2] / "docs"
MODERATED = {"moderation_words": "fool", "moderation_links": "refuse"}


class Town(NamedTuple):
    """Two gateways that keep messages as jobs, and what their workers need to meet them."""

    cluster: Cluster
    prefix: str
    start: Callable[..., Program]


@pytest.fixture(params=["redis", "adapter"])
def town(
    request: pytest.FixtureRequest, make_cluster: MakeCluster, valkey: Valkey, tmp_path: Path
) -> Iterator[Town]:
    prefix = f"{tmp_path.name}-town"
    cluster = make_cluster(
        request.param, redis_prefix=prefix, key=prefix, job_events="chat message"
    )
    workers: list[Program] = []

    def start(**settings: object) -> Program:
        program = worker(
            tmp_path,
            valkey.url,
            **{"mode": request.param, "redis_prefix": prefix, "key": prefix, **settings},
        )
        workers.append(program)
        program.start()
        return program

    yield Town(cluster, prefix, start)
    for program in workers:
        program.stop()


async def join(town: Town, connect: Connect, room: str, gateway: int, nickname: str) -> Any:
    client = await connect(town.cluster.gateways[gateway].url)
    await client.ask("join", {"room": room, "nickname": nickname})
    return client


async def test_a_command_is_answered_to_everybody_in_its_room(
    town: Town, connect: Connect, room: str
) -> None:
    """With the next number, and for those who come later."""
    town.start()
    ada, bob = [await join(town, connect, room, n, name) for n, name in enumerate(("ada", "bob"))]
    asked = await ada.ask("chat message", {"room": room, "message": "/roll 2d6"})
    seen = [await client.several("chat message", 2) for client in (ada, bob)]
    assert seen[0] == seen[1]
    answer = seen[0][1]
    assert re.fullmatch(r"ada: 2d6: \d \+ \d = \d+", answer["message"])
    assert (answer["nick"], answer["dyno"], answer["room"]) == ("bot", "worker-1", room)
    epoch, _, number = asked["id"].rpartition("-")
    assert answer["id"] == f"{epoch}-{int(number) + 1}"
    history = await bob.ask("history", {"room": room})
    assert history["messages"][-1] == answer


async def test_a_worker_knows_who_is_in_a_room_on_all_gateways(
    town: Town, connect: Connect, room: str
) -> None:
    town.start()
    ada, _ = [await join(town, connect, room, n, name) for n, name in enumerate(("ada", "bob"))]
    await ada.until("presence", lambda event: event["count"] == 2)
    await ada.ask("chat message", {"room": room, "message": "/who"})
    answer = await ada.until("chat message", lambda event: event["nick"] == "bot")
    assert answer["message"] == "2 here: ada, bob"


async def test_the_lobby_is_answered_too(town: Town, connect: Connect) -> None:
    town.start(bot="butler")
    ada = await connect(town.cluster.gateways[0].url)
    bob = await connect(town.cluster.gateways[1].url)
    await ada.ask("chat message", {"nickname": "ada", "message": "/me waves"})
    answer = await bob.until("chat message", lambda event: event["nick"] == "butler")
    assert answer["message"] == "* ada waves"
    assert "room" not in answer


@pytest.mark.parametrize("action", ["mask", "remove", "reply"])
async def test_what_may_not_be_said_is_moderated(
    action: str, town: Town, connect: Connect, room: str
) -> None:
    town.start(**MODERATED, moderation_action=action)
    ada, bob = [await join(town, connect, room, n, name) for n, name in enumerate(("ada", "bob"))]
    said = await ada.ask("chat message", {"room": room, "message": "fool, see www.x.example"})
    if action != "reply":
        shown = "****, see *************" if action == "mask" else None
        event = {"room": room, "id": said["id"], "message": shown}
        assert await bob.next("moderated") == await ada.next("moderated") == event
    if action != "mask":
        answer = await bob.until("chat message", lambda event: event["nick"] == "bot")
        assert "a word that may not be said and a link" in answer["message"]
    kept = [one["id"] for one in (await bob.ask("history", room))["messages"]]
    assert (said["id"] in kept) is (action != "remove")


async def test_a_message_that_is_sent_again_is_answered_once(
    town: Town, connect: Connect, room: str
) -> None:
    town.start()
    ada = await join(town, connect, room, 0, "ada")
    message = {"room": room, "message": "/roll 2d6", "key": "mine"}
    first, second = await ada.ask("chat message", message), await ada.ask("chat message", message)
    assert first["id"] == second["id"]
    await ada.ask("chat message", {"room": room, "message": "/time"})
    await ada.until("chat message", lambda event: event["message"].startswith("It is"))
    history = await ada.ask("history", {"room": room})
    said = [one["message"] for one in history["messages"]]
    assert len([one for one in said if one.startswith("ada: 2d6")]) == 1


async def test_what_is_acknowledged_is_answered_though_valkey_is_killed(
    own_valkey: Valkey, make_cluster: MakeCluster, connect: Connect, tmp_path: Path
) -> None:
    """And starts again with its append-only file. Each message is answered once."""
    same = {"redis_prefix": tmp_path.name, "key": tmp_path.name}
    cluster = make_cluster("redis", redis_url=own_valkey.url, job_events="chat message", **same)
    program = worker(tmp_path, own_valkey.url, **same)
    program.start()
    try:
        ada = await connect(cluster.gateways[0].url)
        await ada.ask("join", "tea")
        for number in range(60):
            if number in (20, 40):
                own_valkey.kill()
                asyncio.get_running_loop().call_later(0.5, own_valkey.start)
            await acknowledged(
                ada, {"room": "tea", "message": f"/me does {number}", "key": str(number)}
            )
        wanted = [f"* Unnamed does {number}" for number in range(60)]
        await until(lambda: answered(ada, len(wanted)))
        assert sorted(await answers_in(ada, "tea")) == sorted(wanted)
    finally:
        program.stop()


async def acknowledged(client: Any, message: dict[str, str]) -> None:
    """Send it until it is."""
    await until(lambda: taken(client, message))


async def taken(client: Any, message: dict[str, str]) -> bool:
    return "error" not in await client.ask("chat message", message)


async def answered(client: Any, count: int) -> bool:
    return len(await answers_in(client, "tea")) >= count


async def answers_in(client: Any, room: str) -> list[str]:
    history = await client.ask("history", {"room": room, "limit": 200})
    return [one["message"] for one in history.get("messages", ()) if one["nick"] == "bot"]


async def test_a_job_as_the_documentation_has_it(
    town: Town, connect: Connect, room: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", (DOCS / "workers.md").read_text(), re.DOTALL)
    (toml,) = re.findall(r"```toml\n(.*?)```", (DOCS / "workers.md").read_text(), re.DOTALL)
    points = tomllib.loads(toml)["project"]["entry-points"]
    text = "".join(
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in found.items())
        for group, found in points.items()
    )
    monkeypatch.setenv("PYTHONPATH", install(_made(tmp_path / "greeter"), {"greeter": code}, text))
    town.start(jobs="commands,greeter")
    ada = await join(town, connect, room, 0, "ada")
    await ada.ask("chat message", {"room": room, "message": "Hello everybody"})
    answer = await ada.until("chat message", lambda event: event["nick"] == "bot")
    assert answer["message"] == "Hello, ada! I am bot."


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


TOLD = (executed("docs/workers.md", "XADD"), executed("docs/workers.md", "XLEN"))


def commands(blocks: Iterable[Block], prefix: str, room: str) -> list[list[str]]:
    """What the documentation tells valkey-cli, with this prefix and room."""
    every = [command for block in blocks for command in block.commands]
    lines = [command.partition(" ")[2] for command in every if command.startswith("valkey-cli ")]
    return [
        [word.replace("chat:", f"{prefix}:", 1).replace("tea", room) for word in shlex.split(line)]
        for line in lines
    ]


async def test_what_the_documentation_tells_valkey_cli_about_workers(
    town: Town, valkey: Valkey, connect: Connect, room: str
) -> None:
    ada = await join(town, connect, room, 0, "ada")
    async with redis_at(valkey.url) as redis:
        town.start()
        for words in commands(TOLD, town.prefix, room):
            await redis.execute_command(*words)
    answer = await ada.until("chat message", lambda event: event["nick"] == "bot")
    assert answer["message"].startswith("ops: 2d6: ")
