"""An operator moves clients to other gateways: all of one's, or some."""

from __future__ import annotations

import asyncio
import time

import aiohttp
import pytest
import pytest_asyncio

from chatcluster.core.figures import read_figures
from tests.e2e.test_drain import SOCKETIO, Raw

pytestmark = pytest.mark.asyncio(loop_scope="session")

TOKEN = "for the operator"
CLIENTS = 30
PER_SECOND = 20.0
PATIENCE = 20.0


class Admin:
    """A gateway's admin server."""

    def __init__(self, http, gateway, token=TOKEN):
        self._http = http
        self._gateway = gateway
        self._headers = {"Authorization": f"Bearer {token}"}

    async def figures(self):
        return read_figures((await self.asked("GET", "/gateway"))[1])

    async def asked(self, method, path, body=None):
        async with self._http.request(
            method, self._gateway.admin + path, json=body, headers=self._headers
        ) as answer:
            return answer.status, await answer.read()

    async def drain(self, per_second=PER_SECOND):
        status, body = await self.asked("PUT", "/drain", {"clients_per_second": per_second})
        assert status == 200
        return read_figures(body)

    async def ready(self):
        return (await self.asked("GET", "/readyz"))[0] == 200

    async def until(self, true):
        """The figures for which *true* holds."""
        deadline = time.monotonic() + PATIENCE
        while not true(figures := await self.figures()):
            assert time.monotonic() < deadline, figures
            await asyncio.sleep(0.05)
        return figures


@pytest_asyncio.fixture(loop_scope="session")
async def http():
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def gateway(make_cluster):
    settings = {"settle_seconds": 0.5, "admin_token": TOKEN}
    [gateway] = make_cluster("isolated", 1, **settings).gateways
    return gateway


async def crowd(http, gateway):
    """Clients that read, and when they are closed."""
    clients = [await Raw.connect(http, gateway.url) for _ in range(CLIENTS)]
    return clients, [asyncio.create_task(client.read()) for client in clients]


async def let_in(http, gateway):
    async with http.get(gateway.url + SOCKETIO + "polling") as answer:
        return answer.status == 200


async def test_a_drain_moves_all_clients_at_the_pace_that_was_asked(http, gateway):
    clients, reading = await crowd(http, gateway)
    admin = Admin(http, gateway)
    asked_at = time.monotonic()
    begun = await admin.drain()
    assert begun.phase == "settling"
    assert begun.drain is not None
    assert (begun.drain.clients, begun.drain.moved) == (CLIENTS, 0)
    assert not await admin.ready()

    midway = await admin.until(lambda figures: figures.drain.moved > 0)
    assert midway.drain.left == midway.connections
    ended = await admin.until(lambda figures: not figures.connections)

    await asyncio.gather(*reading)
    assert {client.socket.close_code for client in clients} == {3001}
    assert not any(frame.startswith("41") for client in clients for frame in client.frames)
    assert time.monotonic() - asked_at >= 0.5 + (CLIENTS - 4) / PER_SECOND  # begun in whole steps
    assert (ended.drain.moved, ended.drain.left, ended.phase) == (CLIENTS, 0, "draining")
    assert not await let_in(http, gateway)


async def test_a_drain_that_is_asked_for_again_goes_on_at_the_new_pace(http, gateway):
    _, reading = await crowd(http, gateway)
    admin = Admin(http, gateway)
    await admin.drain(1)
    moved = (await admin.until(lambda figures: figures.drain.moved > 0)).drain.moved
    again = await admin.drain(1000)
    assert again.drain.clients == CLIENTS
    assert again.drain.moved >= moved
    await admin.until(lambda figures: not figures.connections)
    await asyncio.gather(*reading)


async def test_a_gateway_that_is_to_stay_takes_clients_again(http, gateway):
    _, reading = await crowd(http, gateway)
    admin = Admin(http, gateway)
    await admin.drain(1)
    await admin.until(lambda figures: figures.drain.moved > 0)
    for _ in range(2):  # to say it twice does no harm
        assert (await admin.asked("DELETE", "/drain"))[0] == 200
    figures = await admin.figures()
    assert figures.drain is None
    assert figures.connections > 0
    assert await admin.ready()
    assert await let_in(http, gateway)
    await admin.drain(1000)
    await asyncio.gather(*reading)


async def test_a_shed_moves_those_who_are_there_longest_and_the_gateway_stays_ready(http, gateway):
    clients, reading = await crowd(http, gateway)
    admin = Admin(http, gateway)
    status, body = await admin.asked("POST", "/shed", {"clients": 10, "clients_per_second": 50})
    assert status == 200
    shed = read_figures(body).shed
    assert shed is not None
    assert shed.clients == 10
    assert await admin.ready()
    await admin.until(lambda figures: figures.shed is None)
    await asyncio.gather(*reading[:10])
    assert {client.socket.close_code for client in clients[:10]} == {3002}
    assert (await admin.figures()).connections == CLIENTS - 10
    assert not any(task.done() for task in reading[10:])
    await admin.drain(1000)
    await asyncio.gather(*reading)


async def test_a_drained_gateway_that_is_told_to_stop_need_not_settle_again(make_cluster, http):
    settings = {"settle_seconds": 8, "drain_seconds": 60, "admin_token": TOKEN}
    [gateway] = make_cluster("isolated", 1, **settings).gateways
    admin = Admin(http, gateway)
    await admin.drain()
    await admin.until(lambda figures: figures.phase == "draining")
    asked_at = time.monotonic()
    assert await asyncio.to_thread(gateway.stop) == 0
    assert time.monotonic() - asked_at < 6


async def test_a_gateway_that_stops_refuses_what_is_wanted_of_it(make_cluster, http):
    settings = {"settle_seconds": 5, "admin_token": TOKEN}
    [gateway] = make_cluster("isolated", 1, **settings).gateways
    admin = Admin(http, gateway)
    stopping = asyncio.create_task(asyncio.to_thread(gateway.stop))
    await admin.until(lambda figures: figures.phase == "settling")
    for method, path, body in (
        ("DELETE", "/drain", None),
        ("PUT", "/drain", {"clients_per_second": 1}),
        ("POST", "/shed", {"clients": 1, "clients_per_second": 1}),
    ):
        assert (await admin.asked(method, path, body))[0] == 409, path
    assert await stopping == 0


@pytest.mark.parametrize("body", [{}, {"clients_per_second": 0}, {"per_second": 1}, [1]])
async def test_a_malformed_wish_is_refused_with_a_sentence(http, gateway, body):
    status, answer = await Admin(http, gateway).asked("PUT", "/drain", body)
    assert status == 400
    assert b'"error": "' in answer


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST"])
async def test_whoever_does_not_show_the_token_learns_and_changes_nothing(http, gateway, method):
    admin = Admin(http, gateway, "wrong")
    path = {"GET": "/gateway", "POST": "/shed"}.get(method, "/drain")
    assert (await admin.asked(method, path))[0] == 401
    assert await admin.ready()
