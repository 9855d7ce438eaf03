"""What a client is told about an event that it sent."""

from __future__ import annotations

from typing import Any

from chat_gateway.manager import encoding
from chat_gateway.manager.socket import Socket
from chatcluster.core import codes
from chatcluster.core.errors import FanoutError, HistoryError, Refused
from chatcluster.runtime.asked import ASKED, asked_by, by
from chatcluster.runtime.logs import get_logger
from chatcluster.runtime.tracing import Trace

log = get_logger(__name__)


class Answer:
    """An acknowledgement for the event with this number; with none, only a refusal is sent, as an
    event.

    From `begin` to `give` or `fail` its session counts it as unsettled.
    """

    __slots__ = ("_asked", "_event", "_number", "_trace", "socket")

    def __init__(
        self, socket: Socket, event: str, number: int | None, trace: Trace | None = None
    ) -> None:
        self._trace = trace
        self._asked = ASKED.get() or asked_by(socket.session.sid)
        self.socket = socket
        self._event = event
        self._number = number

    def begin(self) -> Answer:
        self.socket.session.unsettled += 1
        return self

    def give(self, reply: Any) -> None:
        if self._trace is not None:
            self._trace.end()
        session = self.socket.session
        session.settle()
        if self._number is not None:
            namespace = self.socket.namespace
            session.send(encoding.encode(encoding.ACK, namespace, _values(reply), self._number))

    def fail(self, error: BaseException) -> None:
        namespace = self.socket.namespace
        with by(self._asked):
            reply = refusal(error, self._event, namespace)
        code = reply["error"]["code"]
        self.socket.session.counts.refused.add(code)
        if self._trace is not None:
            self._trace.end(code)
            self._trace = None
        if self._number is None:
            refused = {"event": self._event[:100], **reply}
            self.socket.session.send(encoding.encode_event(namespace, "refused", [refused]))
        self.give(reply)


def _values(reply: Any) -> list[Any]:
    if isinstance(reply, tuple):
        return list(reply)
    return [] if reply is None else [reply]


def refusal(error: BaseException, event: str, namespace: str) -> dict[str, dict[str, str]]:
    """`{error: {code, message}}`; what is not the client's fault is logged."""
    if isinstance(error, Refused):
        return error.as_reply()
    if isinstance(error, FanoutError | HistoryError):
        log.warning("event_not_taken", event_name=event, namespace=namespace, error=str(error))
        return Refused(codes.UNAVAILABLE, "not stored: try again in a moment").as_reply()
    log.error("event_failed", event_name=event, namespace=namespace, exc_info=error)
    return Refused(codes.INTERNAL, "something is wrong on our side").as_reply()
