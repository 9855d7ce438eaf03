"""What is traced, and how a trace goes on at another gateway."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from chatcluster.runtime import tracing
from chatcluster.runtime.lifecycle import StartError
from chatcluster.runtime.spans import SpanTracer
from chatcluster.runtime.tracing import TRACE, TRACEPARENT, with_trace


@pytest.fixture
def exported() -> InMemorySpanExporter:
    return InMemorySpanExporter()


def tracer(exported: InMemorySpanExporter, ratio: float = 1.0, dice: float = 0.5) -> SpanTracer:
    return SpanTracer(SimpleSpanProcessor(exported), {}, ratio=ratio, chance=lambda: dice)


def spans(exported: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return {span.name: span for span in exported.get_finished_spans()}


def test_a_trace_goes_on_where_its_envelope_arrives(exported):
    here, there = tracer(exported), tracer(exported)
    trace = here.begin("join", "/", ("session", 7))
    assert trace is not None
    before = TRACE.set(trace)
    flags = with_trace({"to": "bob"})
    TRACE.reset(before)
    trace.end()
    with there.delivering(flags, "gateway-1.x"):
        pass
    received, delivered = spans(exported)["receive"], spans(exported)["deliver"]
    assert flags["to"] == "bob"
    assert delivered.context.trace_id == received.context.trace_id
    assert delivered.parent is not None
    assert delivered.parent.span_id == received.context.span_id
    assert received.attributes is not None
    assert received.attributes["chat.request"] == 7
    assert "session" not in str(received.attributes)
    assert [event.name for event in received.events] == ["published"]


def test_only_a_share_is_traced(exported):
    assert tracer(exported, ratio=0.4, dice=0.5).begin("join", "/", ("s", 1)) is None
    assert tracer(exported, ratio=0.6, dice=0.5).begin("join", "/", ("s", 1)) is not None


def test_what_belongs_to_no_trace_carries_none():
    flags = {"volatile": True}
    assert with_trace(flags) is flags


ZERO = "00-" + "0" * 32 + "-" + "0" * 16 + "-01"


@pytest.mark.parametrize("parent", [None, 7, "", "x", [], {"a": 1}, "00-zz-zz-01", ZERO, "é" * 55])
def test_what_others_wrote_there_is_delivered_without_a_span(exported, parent: Any):
    delivered = []
    with tracer(exported).delivering({TRACEPARENT: parent}, "x"):
        delivered.append(parent)
    assert delivered == [parent]
    assert spans(exported) == {}


async def test_the_packages_are_named_where_they_are_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "chatcluster.runtime.spans", None)
    monkeypatch.delattr("chatcluster.runtime.spans", raising=False)
    with pytest.raises(StartError, match=r"pip install 'chatcluster\[otel\]'"):
        async with tracing.tracing("http://127.0.0.1:1", 1.0, "gateway-1", "1"):
            pass


async def test_without_a_share_nothing_is_imported(monkeypatch):
    monkeypatch.setitem(sys.modules, "chatcluster.runtime.spans", None)
    async with tracing.tracing("http://127.0.0.1:1", 0.0, "gateway-1", "1") as none:
        assert none is None
