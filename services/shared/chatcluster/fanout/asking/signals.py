"""What gateways say to each other about questions, as envelopes of a namespace of their own.

    hello  ()                                a beat that asks everybody for one in return
    beat   ()                                a sign of life
    bye    ()                                this gateway is going
    ask    (id, timeout, request)            a question to all
    reply  (id, part, last, clients, values) a part of an answer, to the gateway that asked

`request` and `values` are MessagePack, `timeout` is in seconds. Further elements are ignored.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

from chatcluster.core.envelope import Envelope, RoomKey
from chatcluster.core.errors import MalformedError
from chatcluster.core.request import Question, Reply, Request
from chatcluster.fanout.wire import pack, unpack

NAMESPACE = "#"  # those of Socket.IO begin with "/"
EVERYBODY = RoomKey(NAMESPACE, "")


class Kind(enum.StrEnum):
    HELLO = "hello"
    BEAT = "beat"
    BYE = "bye"
    ASK = "ask"
    REPLY = "reply"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that came: `id` is the asker's number for it."""

    id: int
    timeout: float
    request: Request


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an answer that came; its values are not read yet."""

    id: int
    number: int
    last: bool
    clients: int | None
    values: bytes

    def reply(self) -> Reply:
        """Raises MalformedError."""
        values = unpack(self.values)
        if not isinstance(values, list):
            raise MalformedError("the values of a reply are a list")
        return Reply(tuple(values), self.clients, self.last)


def ask_args(id: int, timeout: float, request: Request) -> tuple[Any, ...]:
    """Raises MalformedError if the request holds something that cannot be sent."""
    fields = (
        int(request.question),
        request.namespace,
        request.rooms,
        request.exclude,
        request.event,
        request.args,
        request.timeout,
        request.answered,
        request.flags,
    )
    return id, timeout, pack(fields)


def reply_args(id: int, number: int, reply: Reply) -> tuple[Any, ...]:
    """Raises MalformedError if a value cannot be sent."""
    return id, number, reply.last, reply.clients, pack(reply.values)


def read_ask(envelope: Envelope) -> Asked:
    """Raises MalformedError."""
    try:
        id, timeout, packed = envelope.args[:3]
        kind, namespace, rooms, exclude, event, args, *rest = unpack(packed)
        limit, answered, flags, *_ = rest
        request = Request(
            Question(kind),
            namespace,
            rooms=tuple(rooms),
            exclude=tuple(exclude),
            event=event,
            args=tuple(args),
            timeout=float(limit),
            answered=bool(answered),
            flags=dict(flags),
        )
        return Asked(int(id), float(timeout), request)
    except (TypeError, ValueError) as error:
        raise MalformedError(f"not a question: {error}") from error


def read_reply(envelope: Envelope) -> Part:
    """Raises MalformedError."""
    try:
        id, number, last, clients, values = envelope.args[:5]
        return Part(int(id), int(number), bool(last), clients, values)
    except (TypeError, ValueError) as error:
        raise MalformedError(f"not a reply: {error}") from error
