"""What the admin server answers."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession, web
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from chatcluster.runtime import admin
from chatcluster.runtime.admin import STALL_SECONDS, AdminServer, Heartbeat
from chatcluster.runtime.lifecycle import StartError
from chatcluster.runtime.logs import get_logger
from chatcluster.runtime.metrics import Metrics


@asynccontextmanager
async def serving(reasons=(), stats=None, routes=()):
    metrics = Metrics()
    metrics.counter("messages", "Messages taken.").inc(3)
    server = AdminServer(
        "127.0.0.1",
        0,
        ready=lambda: reasons,
        stats=lambda: stats or {},
        registry=metrics.registry,
        routes=routes,
    )
    async with server.serving(), ClientSession(f"http://127.0.0.1:{server.port}") as session:
        yield session


async def test_ready_without_reasons_against_it():
    async with serving() as session, session.get("/readyz") as answer:
        assert answer.status == 200
        assert await answer.json() == {"ready": True, "reasons": []}


async def test_not_ready_says_why():
    async with serving(reasons=["redis is down"]) as session, session.get("/readyz") as answer:
        assert answer.status == 503
        assert await answer.json() == {"ready": False, "reasons": ["redis is down"]}


async def test_stats_are_json():
    async with serving(stats={"connections": 2}) as session, session.get("/stats") as answer:
        assert await answer.json() == {"connections": 2}


async def test_metrics_are_in_prometheus_format():
    async with serving() as session, session.get("/metrics") as answer:
        assert answer.headers["Content-Type"].startswith("text/plain")
        assert "chatcluster_messages_total 3.0" in await answer.text()


async def test_further_routes_are_served_too():
    async def drain(request):
        return web.Response(text="draining")

    routes = [web.post("/drain", drain)]
    async with serving(routes=routes) as session, session.post("/drain") as answer:
        assert await answer.text() == "draining"


async def test_healthy_while_the_event_loop_runs():
    async with serving() as session, session.get("/healthz") as answer:
        assert answer.status == 200


async def test_not_healthy_after_the_event_loop_stood_still(monkeypatch):
    monkeypatch.setattr(admin, "STALL_SECONDS", 0.2)
    monkeypatch.setattr(admin, "BEAT_SECONDS", 0.02)
    async with serving() as session:
        time.sleep(0.3)  # noqa: ASYNC251 - standing still is what is tested
        async with session.get("/healthz") as answer:
            assert answer.status == 503


async def test_a_taken_port_is_named_with_the_setting_that_changes_it():
    metrics = Metrics()

    def server(port):
        return AdminServer("127.0.0.1", port, ready=list, stats=dict, registry=metrics.registry)

    first = server(0)
    async with first.serving():
        second = server(first.port)
        with pytest.raises(StartError, match=rf"127\.0\.0\.1:{first.port}: .*CHAT_ADMIN_PORT"):
            async with second.serving():
                pass


async def test_the_port_is_free_again_afterwards():
    server = AdminServer("127.0.0.1", 0, ready=list, stats=dict, registry=Metrics().registry)
    async with server.serving():
        port = server.port
    again = AdminServer("127.0.0.1", port, ready=list, stats=dict, registry=Metrics().registry)
    async with again.serving():
        assert again.port == port


def test_regular_beats_are_healthy():
    heart = Heartbeat(now=0)
    for second in range(1, 100):
        heart.beat(second)
    assert heart.healthy(99 + STALL_SECONDS)


def test_no_beat_for_too_long_is_not_healthy():
    assert not Heartbeat(now=0).healthy(STALL_SECONDS + 0.1)


def test_a_stall_is_remembered_for_as_long_as_it_may_last():
    """Otherwise it would be chance whether the probe that waited through it sees it."""
    heart = Heartbeat(now=0)
    heart.beat(STALL_SECONDS + 1)
    assert not heart.healthy(STALL_SECONDS + 1)
    heart.beat(STALL_SECONDS + 6)
    heart.beat(2 * STALL_SECONDS + 1)
    assert heart.healthy(2 * STALL_SECONDS + 1)


async def test_log_lines_about_a_request_have_its_id():
    async def order(request):
        get_logger("chat").info("ordered")
        return web.Response()

    with capture_logs(processors=[merge_contextvars]) as lines:
        async with serving(routes=[web.get("/order", order)]) as session:
            for given in ("deploy-42", "evil\tid", ""):
                headers = {"X-Request-ID": given} if given else {}
                async with session.get("/order", headers=headers) as answer:
                    assert lines[-1]["request"] == answer.headers["X-Request-ID"]
    first, second, third = (line["request"] for line in lines)
    assert first == "deploy-42"
    assert len({second, third, "evil\tid"}) == 3
