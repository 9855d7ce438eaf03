"""Whatever clients do, no label of a metric gets a value that they chose."""

from __future__ import annotations

import contextlib
import http.client
import urllib.request
from collections.abc import Callable

import pytest
from prometheus_client.parser import text_string_to_metric_families

from chatcluster.core import codes
from tests.e2e.raw_clients import Chatter, Closed, Wire
from tests.gateways import Cluster, Program

EVIL = 'x"},{evil="<script>alert(1)</script>\n'

Series = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def scraped(program: Program) -> Series:
    with urllib.request.urlopen(f"{program.admin}/metrics", timeout=5) as response:
        families = text_string_to_metric_families(response.read().decode())
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


@pytest.fixture
def cluster(clusters: Callable[[str], Cluster]) -> Cluster:
    return clusters("hub")


def value(series: Series, name: str, **labels: str) -> float:
    return series[f"chatcluster_{name}", tuple(sorted(labels.items()))]


def abuse(gateway: Program) -> None:
    """Names, codes, transports and requests of a client's own invention."""
    with Chatter(gateway.port, "/", "/room") as chatter:
        for event in (EVIL, "__proto__", "chatcluster", "x" * 500):
            assert chatter.ask(event, EVIL)["error"]["code"] == "unknown_event"
        for args in ((EVIL,), ({"room": EVIL, "message": EVIL},), ({},), (["a"],)):
            chatter.ask("chat message", *args)
        chatter.ask("create", EVIL.strip(), namespace="/room")
        chatter.ask("chat message", {"message": EVIL, "nickname": "nick"})
    for nickname in (EVIL, "n" * 1000):
        with Chatter(gateway.port) as chatter:
            chatter.connect("/", {"nickname": nickname})
            chatter.connect("/<script>evil")
    for packet in ("4", "9", "43[]", "4" + "[" * 2000, "41", '42["connect"]', b"\x00\xff"):
        with contextlib.suppress(Closed), Wire(gateway.port) as wire:
            wire.send(packet)
            while True:
                wire.read()
    for query in ("", "EIO=9", "EIO=4&transport=pigeon", f"EIO=4&transport=polling&sid={'e' * 50}"):
        for method in ("GET", "POST", "BREW"):
            requested(gateway, method, f"/socket.io/?{query}")
    requested(gateway, "GET", "/socket.io/?EIO=4&transport=polling")


def requested(gateway: Program, method: str, path: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=5)
    connection.request(method, path, headers={"User-Agent": "evil", "X-Evil": "evil"})
    connection.getresponse().read()
    connection.close()


def test_all_series_are_there_from_the_start_and_none_is_added(cluster):
    before = [scraped(program) for program in cluster.programs]
    for gateway in cluster.gateways:
        abuse(gateway)
    after = [scraped(program) for program in cluster.programs]
    for first, then in zip(before, after, strict=True):
        assert then.keys() == first.keys()
    for series in after:
        assert not [labels for _, labels in series if "evil" in str(labels)]


def test_what_is_refused_is_counted_by_its_code(cluster):
    gateway = cluster.gateways[0]
    before = scraped(gateway)
    with Chatter(gateway.port, "/") as chatter:
        for _ in range(3):
            chatter.ask("no such event")
        chatter.ask("chat message", {"message": ""})
        chatter.ask("join", EVIL * 20)
    after = scraped(gateway)

    def grown(name: str, **labels: str) -> float:
        return value(after, name, **labels) - value(before, name, **labels)

    assert grown("refused_total", code="unknown_event") == 3
    refused = sum(grown("refused_total", code=code.name) for code in codes.ALL)
    assert refused == 5
    assert grown("events_total", event="other") == 3
    assert grown("events_total", event="join") == 1
    assert grown("events_total", event="chat message") == 1
    assert grown("received_bytes_total") > 500
    assert grown("sent_bytes_total") > 500


def test_sessions_are_counted_by_how_they_ended(cluster):
    gateway = cluster.gateways[0]
    before = scraped(gateway)
    with contextlib.suppress(Closed), Wire(gateway.port) as wire:
        assert value(scraped(gateway), "connections_by_transport", transport="websocket") >= 1
        wire.send("9")
        while True:
            wire.read()
    after = scraped(gateway)
    ended = {"reason": "transport error"}
    closed = "connections_closed_total"
    assert value(after, closed, **ended) == value(before, closed, **ended) + 1
    assert value(after, "connections_opened_total") > value(before, "connections_opened_total")


def test_delays_are_told_apart_by_where_a_message_was_taken(cluster, room):
    here, there = cluster.gateways
    before = scraped(here), scraped(there)
    with Chatter(here.port, "/", "/room") as one, Chatter(there.port, "/") as two:
        one.ask("create", room, namespace="/room")
        one.ask("chat message", {"message": "hello", "room": room})
        one.ask("join", room)
        two.ask("join", room)
        one.ask("chat message", {"message": "hello", "room": room})
        two.event("chat message")
        one.event("chat message")
    after = scraped(here), scraped(there)
    name = "delivery_seconds_count"
    for place, taken in ((0, "here"), (1, "elsewhere")):
        grown = value(after[place], name, taken=taken) - value(before[place], name, taken=taken)
        assert grown == 1
    assert value(after[0], "fanout_lag_seconds_count") >= 1
    assert value(after[0], "history_append_seconds_count") >= 2
