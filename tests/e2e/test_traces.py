"""A client's event and its delivery on another gateway are one trace, at a collector that speaks
OTLP.
"""

from __future__ import annotations

import gzip
import http.server
import threading
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.e2e.raw_clients import Chatter

SECONDS = 30.0  # for spans to arrive: gateways send them once a second


class Span(NamedTuple):
    gateway: str
    name: str
    trace: bytes
    id: bytes
    parent: bytes
    said: dict[str, Any]


class Collector:
    """What was exported to it."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.bodies: list[bytes] = []
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                collector.take(body)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1/traces"

    def take(self, body: bytes) -> None:
        plain = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
        self.bodies.append(plain)
        for resource in ExportTraceServiceRequest.FromString(plain).resource_spans:
            about = _values(resource.resource.attributes)
            for scope in resource.scope_spans:
                self.spans += [
                    Span(
                        about["service.instance.id"],
                        one.name,
                        one.trace_id,
                        one.span_id,
                        one.parent_span_id,
                        _values(one.attributes),
                    )
                    for one in scope.spans
                ]

    def until(
        self, name: str, number: int, *, trace: bytes | None = None, **said: Any
    ) -> list[Span]:
        """*number* spans, or more, of that name that say that."""
        deadline = time.monotonic() + SECONDS
        while True:
            found = [
                span
                for span in list(self.spans)
                if span.name == name
                and trace in (None, span.trace)
                and all(span.said.get(f"chat.{key}") == value for key, value in said.items())
            ]
            if len(found) >= number or time.monotonic() > deadline:
                return found
            time.sleep(0.05)


def _values(attributes: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in attributes}


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    thread = threading.Thread(target=collector.server.serve_forever, daemon=True)
    thread.start()
    yield collector
    collector.server.shutdown()
    collector.server.server_close()
    thread.join()


def test_one_trace_leads_from_an_event_to_its_delivery_on_another_gateway(
    make_cluster, collector, room
):
    cluster = make_cluster("redis", trace_ratio=1, trace_url=collector.url)
    here, there = cluster.gateways
    with Chatter(here.port, "/", "/room") as one, Chatter(there.port, "/") as two:
        one.ask("create", room, namespace="/room")
        one.ask("join", room)
        two.ask("join", room)
        one.ask("chat message", {"message": "what they say", "room": room, "nickname": "ada"})
        assert two.event("chat message")["message"] == "what they say"
        assert one.ask("no such event")["error"]["code"] == "unknown_event"

    (said,) = collector.until("receive", 1, event="chat message")
    assert said.gateway == "gateway-1"
    assert not said.parent
    delivered = collector.until("deliver", 2, trace=said.trace)
    assert {span.gateway for span in delivered} == {"gateway-1", "gateway-2"}
    assert {span.parent for span in delivered} == {said.id}
    (refused,) = collector.until("receive", 1, event="other")
    assert refused.said["error.type"] == "unknown_event"
    everything = b"".join(collector.bodies)
    assert not [word for word in (b"what they say", b"ada", room.encode()) if word in everything]


def test_without_the_setting_nothing_is_traced(make_cluster, collector, room):
    (gateway,) = make_cluster("redis", 1, trace_url=collector.url).gateways
    with Chatter(gateway.port, "/") as client:
        client.ask("chat message", {"message": "hello"})
    gateway.stop()  # what there was to send would be sent now
    assert collector.bodies == []
    assert "opentelemetry" not in gateway.output()
