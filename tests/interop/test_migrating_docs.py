"""What `docs/migrating.md` shows is what happens."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import pytest
import socketio
from redis import Redis

from chatcluster.runtime.settings import GatewaySettings
from tests.documented import ROOT
from tests.e2e.sites import eventually
from tests.gateways import START_SECONDS
from tests.servers import Valkey, free_port

PAGE = (ROOT / "docs" / "migrating.md").read_text()
REDIS = "redis://127.0.0.1:6379/0"
PATIENCE = 20.0


def example(containing: str) -> str:
    blocks: list[str] = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    [found] = [block for block in blocks if containing in block]
    return found


@contextmanager
def running(code: str) -> Iterator[str]:
    """The program, with Redis and port replaced; its address."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-c", code.replace("3000", str(port))],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        _, errors = process.communicate(timeout=PATIENCE)
    assert "Traceback" not in errors, errors


async def listens(url: str) -> None:
    port = int(url.rpartition(":")[2])

    def there() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    await eventually(there, START_SECONDS)


@asynccontextmanager
async def connected(url: str, user: str) -> AsyncIterator[socketio.AsyncSimpleClient]:
    client = socketio.AsyncSimpleClient()
    await client.connect(url, auth={"user": user}, transports=["websocket"])
    try:
        yield client
    finally:
        await client.disconnect()


def handlers(code: str) -> str:
    """From the first one to the last."""
    return code[code.index("@sio.event") : code.index('return "ok"')]


def test_the_handlers_stay_as_they_are():
    assert handlers(example('AsyncRedisManager("redis://127.0.0.1:6379/0"),')) == handlers(
        example("StandaloneServer")
    )


@pytest.mark.timeout(120)
@pytest.mark.parametrize("server", ["web.run_app", "StandaloneServer"])
async def test_two_servers_with_these_handlers_are_one(server: str, valkey: Valkey, tmp_path: Path):
    """Before the move and after it."""
    key = f"CHAT_KEY={tmp_path.name}"  # other tests use this Valkey, too
    code = example(server).replace(REDIS, valkey.url)
    with ExitStack() as stack:
        monkey = stack.enter_context(pytest.MonkeyPatch.context())
        monkey.setenv(*key.split("="))
        urls = [stack.enter_context(running(code)) for _ in range(2)]
        for url in urls:
            await listens(url)
        stranger = socketio.AsyncSimpleClient()
        with pytest.raises(socketio.exceptions.ConnectionError):
            await stranger.connect(urls[0], transports=["websocket"])
        async with connected(urls[0], "ada") as ada, connected(urls[1], "bob") as bob:
            for client in (ada, bob):
                await client.call("enter", "tea", timeout=PATIENCE)
            assert await ada.call("say", ("tea", "hello"), timeout=PATIENCE) == "ok"
            for client in (ada, bob):
                said = await client.receive(timeout=PATIENCE)
                assert said == ["said", {"user": "ada", "text": "hello"}]


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("server", "emitter"),
    [("web.run_app", "write_only=True"), ("StandaloneServer", '.publish("chat:news"')],
    ids=["before", "after"],
)
async def test_another_program_emits(server: str, emitter: str, own_valkey: Valkey):
    def here(containing: str) -> str:
        return example(containing).replace(REDIS, own_valkey.url)

    with pytest.MonkeyPatch.context() as monkey:
        monkey.setenv("CHAT_REDIS_EVENTS", "said,news")
        with running(here(server).replace('mode="adapter"', 'mode="redis"')) as url:
            await listens(url)
            async with connected(url, "ada") as ada:
                await ada.call("enter", "tea", timeout=PATIENCE)
                await asyncio.to_thread(
                    subprocess.run, [sys.executable, "-c", here(emitter)], check=True
                )
                assert await ada.receive(timeout=PATIENCE) == ["news", "The tea is ready"]


async def test_old_and_new_servers_neither_hear_nor_disturb_each_other(own_valkey: Valkey):
    """Though they are on one Redis, with the names that both have by default."""
    codes = [
        example(server).replace(REDIS, own_valkey.url)
        for server in ("web.run_app", "StandaloneServer")
    ]
    with running(codes[0]) as old, running(codes[1]) as new:
        for url in (old, new):
            await listens(url)
        async with connected(old, "ada") as ada, connected(new, "bob") as bob:
            for client in (ada, bob):
                await client.call("enter", "tea", timeout=PATIENCE)
            for client, text in ((ada, "old"), (bob, "new")):
                assert await client.call("say", ("tea", text), timeout=PATIENCE) == "ok"
                # Its own server's is the first that it gets, and the only one.
                assert (await client.receive(timeout=PATIENCE))[1]["text"] == text
            with Redis.from_url(own_valkey.url) as redis:
                assert redis.publish("socketio", json.dumps({"method": "no such"})) == 1
            assert await bob.call("say", ("tea", "on"), timeout=PATIENCE) == "ok"


def test_every_setting_that_it_names_is_one():
    named = set(re.findall(r"CHAT_\w+", PAGE))
    assert named
    assert named <= {f"CHAT_{name.upper()}" for name in GatewaySettings.model_fields}


def test_the_adapters_that_it_names_are_those_that_are_tested():
    packages = json.loads((ROOT / "tests" / "package.json").read_text())["dependencies"]
    for name, version in re.findall(r"`(@socket\.io/\S+)` (\d+(?:\.\d+)?)\.x", PAGE):
        assert packages[name].startswith(f"{version}.")
    assert "@socket.io/redis-streams-adapter` 0.3.x" in PAGE
