"""Traces as OpenTelemetry's spans; imported where traces are asked for, since its packages are
optional.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    TraceFlags,
    set_span_in_context,
)
from opentelemetry.util.types import AnyValue

from chatcluster.runtime.asked import Asked, connection_id
from chatcluster.runtime.tracing import TRACEPARENT

SEND_SECONDS = 3.0  # for the collector to take spans
LEAVE_SECONDS = 2.0  # for that when a program ends
BATCH_SECONDS = 1.0

_FORM = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")


class EventTrace:
    """As `Trace` says."""

    __slots__ = ("_span", "parent")

    def __init__(self, span: Span) -> None:
        context = span.get_span_context()
        self.parent = f"00-{context.trace_id:032x}-{context.span_id:016x}-01"
        self._span = span

    def note(self, what: str) -> None:
        self._span.add_event(what)

    def end(self, error: str = "") -> None:
        if error:
            self._span.set_attribute("error.type", error)
        self._span.end()


class SpanTracer:
    """As `Tracer` says. No message, nickname or room is in a span: what users write is none of a
    trace's business.
    """

    def __init__(
        self,
        processor: SpanProcessor,
        resource: Mapping[str, str],
        *,
        ratio: float,
        chance: Callable[[], float] = random.random,
    ) -> None:
        # Not the process's own: two gateways in one process do not meet.
        self._provider = TracerProvider(resource=Resource.create(dict(resource)))
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("chatcluster")
        self._ratio = ratio
        self._chance = chance

    def begin(self, event: str, namespace: str, asked: Asked) -> EventTrace | None:
        if self._chance() >= self._ratio:
            return None
        attributes: dict[str, AnyValue] = {
            "chat.event": event[:100],
            "chat.namespace": "/messages" if namespace.startswith("/messages/") else namespace,
            "chat.connection": connection_id(asked[0]),
            "chat.request": asked[1],
        }
        span = self._tracer.start_span(
            "receive", Context(), kind=SpanKind.SERVER, attributes=attributes
        )
        return EventTrace(span)

    @contextmanager
    def delivering(self, flags: Mapping[str, Any], origin: str) -> Iterator[None]:
        parent = _context(flags.get(TRACEPARENT))
        if parent is None:
            yield
            return
        attributes = {"chat.origin": origin[:100]}
        with self._tracer.start_as_current_span(
            "deliver", parent, kind=SpanKind.CONSUMER, attributes=attributes
        ):
            yield

    async def close(self) -> None:
        """Send what there is, for at most LEAVE_SECONDS."""
        await asyncio.to_thread(self._provider.force_flush, round(LEAVE_SECONDS * 1000))
        await asyncio.to_thread(self._provider.shutdown)


def exporting(url: str, ratio: float, name: str, version: str) -> SpanTracer:
    """Sends spans to the collector at *url*, from a thread of its own."""
    exporter = OTLPSpanExporter(endpoint=url, timeout=SEND_SECONDS)
    about = {
        "service.name": "chatcluster-gateway",
        "service.instance.id": name,
        "service.version": version,
    }
    processor = BatchSpanProcessor(exporter, schedule_delay_millis=BATCH_SECONDS * 1000)
    return SpanTracer(processor, about, ratio=ratio)


def _context(parent: object) -> Context | None:
    """That of a span elsewhere; None for what is none, as others may write what they like."""
    match = _FORM.fullmatch(parent) if isinstance(parent, str) else None
    if match is None:
        return None
    trace, span = int(match[1], 16), int(match[2], 16)
    there = SpanContext(trace, span, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))
    return set_span_in_context(NonRecordingSpan(there), Context()) if there.is_valid else None
