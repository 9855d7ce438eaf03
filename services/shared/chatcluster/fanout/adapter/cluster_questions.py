"""Questions and answers of Node's adapters that derive from `ClusterAdapter` (socket.io-adapter
2.5.8, `onMessage` and `onResponse` in `lib/cluster-adapter.ts`).

Their answers are signed. Gateways answer each other in a form of their own: a PART with
`cc: [values, clients, last]`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chatcluster.core.errors import MalformedError
from chatcluster.core.request import Question, Reply, Request
from chatcluster.fanout.adapter import classic
from chatcluster.fanout.adapter.cluster_message import Message, Type, message
from chatcluster.fanout.adapter.dialect import OURS, Answered, Asked

# These servers do not know the question for rooms: they are asked for all their sockets, which are
# in them. The id tells how its answers are to be read.
ROOMS_ID = "rooms-"

_TYPES = {
    Question.SOCKETS: Type.FETCH_SOCKETS,
    Question.ROOMS: Type.FETCH_SOCKETS,
    Question.EMIT: Type.BROADCAST,
    Question.SERVER: Type.SERVER_SIDE_EMIT,
}
_QUESTIONS = {
    Type.FETCH_SOCKETS: Question.SOCKETS,
    Type.BROADCAST: Question.EMIT,
    Type.SERVER_SIDE_EMIT: Question.SERVER,
}
_DEFAULT_TIMEOUT = 5.0  # seconds; `DEFAULT_TIMEOUT`


def from_request(uid: str, request: Request, id: str | None) -> Message:
    data: Message = {}
    if request.question is Question.SERVER:
        data["packet"] = [request.event, *request.args]
    else:
        data["opts"] = {
            "rooms": request.rooms,
            "except": request.exclude,
            "flags": {**request.flags, "timeout": int(request.timeout * 1000)},
        }
    if request.question is Question.EMIT:
        data["packet"] = classic.packet(request.namespace, request.event, *request.args)
    if id is not None:
        data["requestId"] = id
    asked = message(uid, request.namespace, _TYPES[request.question], data)
    asked[OURS] = [
        int(request.question),
        request.timeout,
        request.flags,
        request.rooms,
        request.exclude,
    ]
    return asked


def to_asked(read: Message) -> Asked | None:
    """None for what asks nothing that we know. Raises MalformedError."""
    question = _QUESTIONS.get(read["type"])
    if question is None:
        return None
    try:
        data, ours = read["data"], read.get(OURS)
        opts = data.get("opts") or {}
        flags = opts.get("flags") or {}
        timeout = flags.get("timeout", _DEFAULT_TIMEOUT * 1000) / 1000
        kind, timeout, flags, rooms, exclude = ours or (
            question,
            timeout,
            flags,
            opts.get("rooms"),
            opts.get("except"),
        )
        packet = data.get("packet", [""])
        event, *args = packet["data"] if question is Question.EMIT else packet
        id = data.get("requestId")
        request = Request(
            Question(kind),
            read["nsp"],
            rooms=classic.names(rooms),
            exclude=classic.names(exclude),
            event=classic.name(event),
            args=tuple(args),
            timeout=timeout,
            answered=id is not None,
            flags=flags,
        )
        return Asked(request, read["uid"], id or "", ours is not None)
    except classic.WRONG as error:
        raise MalformedError(f"not a question: {error!r}") from error


def from_reply(uid: str, asked: Asked, reply: Reply) -> Iterator[Message]:
    namespace, answer = asked.request.namespace, {"requestId": asked.id}
    if asked.ours:
        part = message(uid, namespace, Type.PART, answer)
        yield {**part, OURS: [reply.values, reply.clients, reply.last]}
        return
    for kind, content in _to_node(asked.request.question, reply):
        yield message(uid, namespace, kind, {**answer, **content})


def _to_node(question: Question, reply: Reply) -> Iterator[tuple[Type, Message]]:
    if question is Question.EMIT:
        if reply.clients is not None:
            yield Type.BROADCAST_CLIENT_COUNT, {"clientCount": reply.clients}
        for value in reply.values:
            yield Type.BROADCAST_ACK, {"packet": value}
    elif question is Question.SERVER:
        # A program that has no answer gives an empty one, so that Node does not wait in vain.
        packet = reply.values[0] if reply.values else None
        yield Type.SERVER_SIDE_EMIT_RESPONSE, {"packet": packet}
    else:
        yield Type.FETCH_SOCKETS_RESPONSE, {"sockets": reply.values}


def to_answered(read: Message) -> Answered | None:
    """None for what is no answer. Raises MalformedError."""
    try:
        id = read["data"]["requestId"]
        reply = _reply(read, id)
        ours = read["type"] == Type.PART
        return None if reply is None else Answered(id, read["uid"], reply, ours)
    except classic.WRONG as error:
        raise MalformedError(f"not an answer: {error!r}") from error


def _reply(read: Message, id: str) -> Reply | None:
    kind, data = read["type"], read["data"]
    if kind == Type.PART:
        values, clients, last = read[OURS]
        return Reply(tuple(values), clients, last)
    if kind == Type.BROADCAST_CLIENT_COUNT:
        return Reply(clients=data["clientCount"], last=False)
    if kind == Type.BROADCAST_ACK:
        return Reply((data.get("packet"),), last=False)
    if kind == Type.SERVER_SIDE_EMIT_RESPONSE:
        return Reply((data.get("packet"),))
    if kind == Type.FETCH_SOCKETS_RESPONSE:
        sockets: list[Any] = data["sockets"]
        if id.startswith(ROOMS_ID):
            return Reply(tuple({room: None for one in sockets for room in one["rooms"]}))
        return Reply(tuple(sockets))
    return None
