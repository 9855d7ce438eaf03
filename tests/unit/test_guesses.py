"""Whoever guesses tokens is slowed down, wherever they are shown."""

from __future__ import annotations

from contextlib import asynccontextmanager

import pytest
import socketio
from aiohttp import ClientSession

from chat_hub.denied import TOO_MANY_GUESSES, UNAUTHORIZED, Denied
from chat_hub.door import Door
from chat_hub.server import HubServer
from chatcluster.fanout.hub.protocol import NAMESPACE
from chatcluster.fanout.isolated import IsolatedFanout
from chatcluster.runtime.admin import AdminServer
from chatcluster.runtime.fanout_routes import fanout_routes
from chatcluster.runtime.guesses import AT_ONCE, Guesses
from chatcluster.runtime.metrics import Metrics

TOKEN = "the token"


class Clock:
    now = 1.0

    def __call__(self):
        return self.now


class Fanout(IsolatedFanout):
    def report(self):
        raise AssertionError("nobody may see it")

    def order(self, order):
        raise AssertionError("nobody may change it")


@asynccontextmanager
async def admin():
    server = AdminServer(
        "127.0.0.1",
        0,
        ready=list,
        stats=dict,
        registry=Metrics().registry,
        routes=fanout_routes(Fanout(), TOKEN),
    )
    async with server.serving(), ClientSession(f"http://127.0.0.1:{server.port}") as session:
        yield session


async def status(session, authorization=None, path="/fanout"):
    headers = {"Authorization": authorization} if authorization is not None else {}
    async with session.get(path, headers=headers) as answer:
        return answer.status, answer.headers.get("Retry-After")


def test_twenty_may_be_wrong_at_once_and_one_a_second_after_that():
    clock = Clock()
    guesses = Guesses(clock)
    for _ in range(AT_ONCE):
        assert not guesses.wait("10.0.0.1")
        guesses.wrong("10.0.0.1")
    assert 0 < guesses.wait("10.0.0.1") <= 1
    assert not guesses.wait("10.0.0.2")
    clock.now += 1.0
    assert not guesses.wait("10.0.0.1")
    guesses.wrong("10.0.0.1")
    assert guesses.wait("10.0.0.1")


@pytest.mark.parametrize("wrong", ["Bearer wrong", "Bearer", "Basic x", "Bearer \u00e9\u00ff"])
async def test_the_admin_server_lets_nobody_guess_for_ever(wrong):
    async with admin() as session:
        answers = [await status(session, wrong) for _ in range(AT_ONCE + 1)]
        assert [answer[0] for answer in answers] == [401] * AT_ONCE + [429]
        assert answers[-1][1] == "1"
        assert (await status(session, f"Bearer {TOKEN}"))[0] == 429, "a lucky guess is one too"
        assert (await status(session))[0] == 401
        assert (await status(session, path="/healthz"))[0] == 200


async def test_who_shows_no_token_guesses_none():
    async with admin() as session:
        assert {(await status(session))[0] for _ in range(AT_ONCE + 5)} == {401}


def test_a_hub_lets_no_service_guess_for_ever():
    clock = Clock()
    door = Door(TOKEN, Guesses(clock))
    for number in range(AT_ONCE + 1):
        with pytest.raises(Denied) as denied:
            door.admit(f"guess {number}", "10.0.0.1")
        assert denied.value.reason is (UNAUTHORIZED if number < AT_ONCE else TOO_MANY_GUESSES)
    with pytest.raises(Denied):
        door.admit(TOKEN, "10.0.0.1")
    door.admit(TOKEN, "10.0.0.2")
    clock.now += 1.0
    door.admit(TOKEN, "10.0.0.1")


async def test_a_hub_lets_no_gateway_guess_for_ever():
    hub = HubServer("127.0.0.1", 0, token=TOKEN)
    async with hub.serving():
        url = f"http://127.0.0.1:{hub.port}"

        async def enters(token):
            client = socketio.AsyncClient(reconnection=False)
            auth = {"gateway": "one", "token": token}
            try:
                await client.connect(
                    url, auth=auth, namespaces=[NAMESPACE], transports=["websocket"]
                )
            except socketio.exceptions.ConnectionError:
                return False
            finally:
                await client.disconnect()
            return True

        assert await enters(TOKEN)
        for number in range(AT_ONCE + 1):
            assert not await enters(f"guess {number}")
        assert not await enters(TOKEN)
