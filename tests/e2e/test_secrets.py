"""What programs are told in confidence, and what people write, is in nothing that they say."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from chatcluster.connections.redis import connect
from tests.e2e.raw_clients import Chatter, Closed, Poller
from tests.gateways import TOKEN, Cluster, Program
from tests.servers import Valkey

pytestmark = pytest.mark.timeout(120)

SECRETS = {
    "redis": "r3d1s-p4ssw0rd",
    "postgres": "p0stgr3s-p4ssw0rd",
    "admin": "4dm1n-t0k3n",
    "hub": "hub-t0k3n",
    "broadcasts": TOKEN,
}
WRITTEN = "what ada wrote to bob"
SECONDS = 30.0


async def demand(server: Valkey, password: str) -> None:
    async with connect(server.url) as client:
        await client.config_set("requirepass", password)


@pytest.fixture(scope="module")
def valkey_with_password(tmp_path_factory) -> Iterator[Valkey]:
    server = Valkey(tmp_path_factory.mktemp("valkey"))
    server.start()  # which looks without a password whether it has started
    asyncio.run(demand(server, SECRETS["redis"]))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def cluster(valkey_with_password: Valkey, tmp_path_factory) -> Iterator[Cluster]:
    """The second gateway is asked to tell messages."""
    url = valkey_with_password.url.replace("//", f"//:{SECRETS['redis']}@")
    cluster = Cluster(
        tmp_path_factory.mktemp("secretive"),
        url,
        "hub",
        hub_token=SECRETS["hub"],
        admin_token=SECRETS["admin"],
        postgres_dsn=f"postgresql://chat:{SECRETS['postgres']}@127.0.0.1:1/chat",
        log_level="debug",
        log_format="json",
    )
    for hub in cluster.hubs:
        hub.set(hub_token=SECRETS["hub"], log_level="debug", log_format="json")
    cluster.gateways[1].set(log_messages=True)
    with cluster.running():
        yield cluster


def asked(program: Program, path: str, *, token: str = "", method: str = "GET", body=None) -> str:
    """What is answered, whatever the status."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(program.admin + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=15) as response:
            return str(response.read().decode())
    except urllib.error.HTTPError as error:
        return error.read().decode()


def use(gateway: Program) -> list[str]:
    """Rightly, wrongly, and as an operator; returns the ids by which sessions could be taken."""
    with Chatter(gateway.port, "/") as chatter:
        chatter.ask("chat message", {"message": WRITTEN, "nickname": "ada", "key": "k"})
        chatter.ask("chat message", {"message": WRITTEN, "room": "\ud800"})
        chatter.ask("chat message", WRITTEN)
        chatter.ask("join", {"room": WRITTEN, "after": WRITTEN})
        sids = [chatter.handshake["sid"]]
    poller = Poller(gateway.port)
    poller.post(f"4{WRITTEN}")
    with contextlib.suppress(Closed), Chatter(gateway.port, "/") as chatter:
        chatter.send(f"42[{WRITTEN}")
        chatter.read()
    asked(gateway, "/fanout", token="wrong")
    target = {"mode": "postgres", "options": {}}
    order = {"step": "prepare", "epoch": 1, "target": target}
    asked(gateway, "/fanout", token=SECRETS["admin"], method="PUT", body=order)
    return [*sids, str(poller.sid)]


def until_logged(program: Program, event: str) -> None:
    deadline = time.monotonic() + SECONDS
    while event not in program.output():
        assert time.monotonic() < deadline, program.output()
        time.sleep(0.05)


def test_neither_secrets_nor_messages_are_told(cluster, valkey_with_password):
    first = cluster.gateways[0]
    sids = use(first)
    until_logged(first, "fanout_not_prepared")
    said = [asked(first, path) for path in ("/stats", "/metrics", "/readyz", "/examination")]
    said.append(asked(first, "/examination", token=SECRETS["admin"]))
    valkey_with_password.kill()  # errors tell most
    until_logged(first, "history_check_failed")
    use(first)
    said.append(asked(first, "/examination", token=SECRETS["admin"]))
    said += [asked(program, "/stats") for program in cluster.programs]
    said += [program.output() for program in cluster.programs]
    for name, secret in SECRETS.items():
        assert not [text for text in said if secret in text], name
    assert not [text for text in said if WRITTEN in text]
    assert not [sid for sid in sids for text in said if sid in text]

    lines = [json.loads(line) for line in first.output().splitlines() if line.startswith("{")]
    refused = [line for line in lines if line["event"] == "event_not_taken"]
    assert refused
    assert all({"connection", "request"} <= line.keys() for line in refused)
    assert all(line["request"] for line in lines if line["event"] == "fanout_ordered")


def test_messages_are_told_where_it_is_asked_for(cluster):
    second = cluster.gateways[1]
    with Chatter(second.port, "/") as chatter:
        chatter.ask("chat message", {"message": "told to the log", "nickname": "ada"})
    lines = [json.loads(line) for line in second.output().splitlines() if line.startswith("{")]
    (told,) = [line for line in lines if line["event"] == "message"]
    assert (told["text"], told["nick"], told["room"]) == ("told to the log", "ada", "")
