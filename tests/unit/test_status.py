"""What `chatcluster status` shows of gateways that answer, and of those that do not."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession, web
from rich.console import Console

from chat_local import status
from chat_local.seen import GatewayStats, Rates, Seen, Target, target
from chat_local.status_table import view
from chatcluster.runtime.lifecycle import StartError
from tests.servers import free_port

STATS = {
    "name": "gateway-1",
    "version": "1",
    "mode": "adapter",
    "ready": True,
    "phase": "ready",
    "connections": 4,
    "rooms": 2,
    "messages": 100,
    "delivered": 400,
    "fanout": {"mode": "adapter", "state": "up"},
    "history": {"kind": "redis", "ok": True},
    "uptime": 12.5,
}


def seen(**changes):
    stats = GatewayStats.model_validate({**STATS, **changes})
    return Seen(Target("http://127.0.0.1:9000"), stats)


def shown(*gateways, width=80):
    console = Console(width=width)
    with console.capture() as capture:
        console.print(view(gateways))
    return [line.split() for line in capture.get().splitlines()]


@asynccontextmanager
async def gateway(answer):
    """The admin URL of a server whose `/stats` answers *answer*."""

    async def stats(request):
        return web.json_response(answer)

    app = web.Application()
    app.add_routes([web.get("/stats", stats)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def test_messages_a_second_are_seen_from_two_looks():
    rates = Rates()
    assert rates.of(seen(messages=100), now=5).rate is None
    assert rates.of(seen(messages=130), now=7).rate == 15


def test_a_gateway_that_was_started_again_has_no_rate_at_first():
    rates = Rates()
    rates.of(seen(messages=100), now=5)
    assert rates.of(seen(messages=3), now=6).rate is None
    assert rates.of(seen(messages=4), now=7).rate == 1


def test_a_row_for_each_gateway_and_one_of_sums():
    rates = Rates()
    for now in (0, 1):
        rows = [
            rates.of(Seen(Target(name), seen(name=name, messages=now * 20).stats), now)
            for name in ("gateway-1", "gateway-2")
        ]
    lines = shown(*rows)
    assert lines[1] == ["gateway-1", "gateway-1", "ready", "4", "2", "20", "adapter", "up"]
    assert lines[3] == ["all", "8", "40"]


def test_a_gateway_whose_fan_out_was_changed_shows_its_epoch():
    fanout = {"mode": "adapter", "state": "up", "epoch": 3, "phase": "steady"}
    assert shown(seen(fanout=fanout))[1][-4:] == ["adapter", "up,", "epoch", "3"]


def test_a_change_that_is_under_way_is_shown():
    fanout = {"mode": "adapter", "state": "up", "epoch": 0, "phase": "prepares hub: opening"}
    row = shown(seen(fanout=fanout), width=120)
    assert " ".join(row[1]).endswith("adapter up, epoch 0, prepares hub: opening")


def test_a_gateway_that_is_not_ready_shows_its_phase():
    assert "draining" in shown(seen(ready=False, phase="draining"))[1]


def test_a_gateway_without_an_answer_is_unreachable_and_says_why():
    lines = shown(Seen(Target("http://127.0.0.1:9000"), error="nobody listens there"))
    assert "unreachable" in lines[1]
    assert lines[2] == ["http://127.0.0.1:9000:", "nobody", "listens", "there"]


def test_what_waits_for_the_carrier_is_shown_while_something_does():
    outbox = {"waiting": 12, "bytes": 3000}
    lines = shown(seen(fanout={"mode": "adapter", "state": "down", "outbox": outbox}))
    assert " ".join(lines[2]) == "gateway-1: 12 envelopes wait for the carrier"


def test_a_log_that_fails_is_said_below():
    lines = shown(seen(history={"kind": "redis", "ok": False}))
    assert " ".join(lines[2]) == "gateway-1: its history (redis) fails"


def test_gateways_are_in_the_order_of_their_numbers():
    rows = [seen(name=f"gateway-{number}") for number in (10, 9, 1)]
    assert [row.name for row in sorted(rows, key=lambda row: row.order)] == [
        "gateway-1",
        "gateway-9",
        "gateway-10",
    ]


@pytest.mark.parametrize("admin", ["http://[::1]:9000", "127.0.0.1:9000", "https://host:1/"])
def test_an_admin_server_is_named_by_url_or_by_host_and_port(admin):
    assert target(admin).admin.startswith("http")


@pytest.mark.parametrize("admin", ["host", "ftp://host:1", "http://host:x", "http://[::1", ""])
def test_what_is_no_admin_server_is_refused(admin):
    with pytest.raises(StartError, match="--admin"):
        target(admin)


async def test_the_json_has_what_the_gateway_said_and_how_it_is(capsys, monkeypatch):
    monkeypatch.setattr(status, "REFRESH_SECONDS", 0.01)
    async with gateway(STATS) as admin:
        await status.show_status([admin], once=False, as_json=True)
    [row] = json.loads(capsys.readouterr().out)
    assert row["state"] == "ready"
    assert row["connections"] == 4
    assert row["messages_per_second"] == 0
    assert row["admin"] == admin


@pytest.mark.parametrize("answer", [{}, [], {**STATS, "connections": "many"}])
async def test_what_is_no_gateway_is_unreachable(answer):
    async with gateway(answer) as admin, ClientSession() as session:
        [row] = await status.look(session, [target(admin)], Rates())
    assert row.state == "unreachable"
    assert row.error == "what answers is no gateway"


async def test_where_nobody_listens_is_unreachable():
    async with ClientSession() as session:
        [row] = await status.look(session, [target(f"127.0.0.1:{free_port()}")], Rates())
    assert row.error == "nobody listens there"


async def test_without_a_cluster_there_is_nothing_to_show(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    with pytest.raises(StartError, match="chatcluster run"):
        await status.show_status([], once=True, as_json=False)
