"""Traces of clients' events, from their coming to their delivery on every gateway.

What a trace is called travels with the envelope, in its flags, as W3C's `traceparent`: gateways
that do not trace, older ones and Node's servers ignore it there.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager
from contextvars import ContextVar
from typing import Any, Protocol

from chatcluster.runtime.asked import Asked
from chatcluster.runtime.lifecycle import StartError

TRACEPARENT = "traceparent"  # W3C Trace Context, section 3.2


class Trace(Protocol):
    """The handling of one event of a client."""

    @property
    def parent(self) -> str:
        """What travels as TRACEPARENT."""

    def note(self, what: str) -> None:
        """That was reached now."""

    def end(self, error: str = "") -> None:
        """It was answered; *error* is the code of a refusal."""


class Tracer(Protocol):
    def begin(self, event: str, namespace: str, asked: Asked) -> Trace | None:
        """The trace of an event that a client sent; None for those that are not traced."""

    def delivering(self, flags: Mapping[str, Any], origin: str) -> AbstractContextManager[None]:
        """Around the delivery of an envelope with these *flags*, from the gateway *origin*."""


# The trace of what is being done now: copied to tasks and callbacks that are made meanwhile.
TRACE: ContextVar[Trace | None] = ContextVar("trace", default=None)


def with_trace(flags: dict[str, Any]) -> dict[str, Any]:
    """*flags* for an envelope that belongs to what is being done now."""
    if (trace := TRACE.get()) is None:
        return flags
    trace.note("published")
    return {**flags, TRACEPARENT: trace.parent}


@asynccontextmanager
async def tracing(url: str, ratio: float, name: str, version: str) -> AsyncIterator[Tracer | None]:
    """What traces a share (*ratio*) of events and sends it to *url* (OTLP over HTTP); None where
    nothing is to be traced. Raises StartError where the packages for it are not installed.
    """
    if not ratio:
        yield None
        return
    try:
        from chatcluster.runtime import spans
    except ImportError as error:
        raise StartError(
            "trace_ratio: traces need further packages: pip install 'chatcluster[otel]'"
        ) from error
    tracer = spans.exporting(url, ratio, name, version)
    try:
        yield tracer
    finally:
        await tracer.close()
