"""Questions and answers as Node's @socket.io/redis-adapter 8.3.0 writes them (`onrequest` and
`onresponse` in `lib/index.ts`).

A message is JSON, or MessagePack where JSON has no form for what is in it; the first byte tells.
Gateways add to their questions, under the key "cc", what Node's have no field for, and answer each
other in a form of their own: `{requestId, cc: [uid, values, clients, last]}`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from chatcluster.core.errors import MalformedError
from chatcluster.core.request import Question, Reply, Request
from chatcluster.fanout.adapter import classic, notepack
from chatcluster.fanout.adapter.dialect import OURS, Answered, Asked

# `RequestType` in lib/index.ts.
_SOCKETS, _ALL_ROOMS, _FETCH, _SERVER, _BROADCAST, _COUNT, _ACK = 0, 1, 5, 6, 7, 8, 9
_TYPES = {
    Question.SOCKETS: _FETCH,
    Question.ROOMS: _ALL_ROOMS,
    Question.EMIT: _BROADCAST,
    Question.SERVER: _SERVER,
}
_QUESTIONS = {number: question for question, number in _TYPES.items()} | {
    _SOCKETS: Question.SOCKETS
}
_DEFAULT_TIMEOUT = 5.0  # seconds; `requestsTimeout`, which does not travel


def encode_question(uid: str, request: Request, id: str | None) -> bytes:
    """Raises MalformedError for what cannot be sent."""
    message: dict[str, Any] = {"uid": uid}
    if id is not None:
        message["requestId"] = id
    message["type"] = _TYPES[request.question]
    if request.question is Question.SERVER:
        message["data"] = [request.event, *request.args]
    elif request.question is not Question.ROOMS:
        message |= _targets(request)
    message[OURS] = [
        request.timeout,
        request.flags,
        request.rooms,
        request.exclude,
    ]
    # Only this one's answers may be binary in Node, so it is MessagePack always.
    return notepack.pack(message) if request.question is Question.EMIT else _encode(message)


def _targets(request: Request) -> dict[str, Any]:
    opts: dict[str, Any] = {"rooms": request.rooms, "except": request.exclude}
    if request.question is not Question.EMIT:
        return {"opts": opts}
    milliseconds = int(request.timeout * 1000)
    opts["flags"] = {**request.flags, "timeout": milliseconds}
    packet = classic.packet(request.namespace, request.event, *request.args)
    return {"packet": packet, "opts": opts}


def decode_question(message: dict[str, Any], namespace: str) -> Asked | None:
    """What a request asks for; None for one that tells gateways to do something, or one that is not
    known. Raises MalformedError."""
    question = _QUESTIONS.get(message.get("type", -1))
    if question is None:
        return None
    try:
        ours = message.get(OURS)
        id = message.get("requestId")
        opts = message.get("opts") or message
        flags = opts.get("flags") or {}
        timeout = flags.get("timeout", _DEFAULT_TIMEOUT * 1000) / 1000
        timeout, flags, rooms, exclude = ours or (
            timeout,
            flags,
            opts.get("rooms"),
            opts.get("except"),
        )
        event, *args = _data(message, question)
        request = Request(
            question,
            namespace,
            rooms=classic.names(rooms),
            exclude=classic.names(exclude),
            event=classic.name(event),
            args=tuple(args),
            timeout=timeout,
            answered=id is not None,
            flags=flags,
        )
        uid = message.get("uid") or classic.EMITTER
        bare = message["type"] == _SOCKETS
        return Asked(request, uid, id or "", ours is not None, bare)
    except classic.WRONG as error:
        raise MalformedError(f"not a question: {error!r}") from error


def _data(message: dict[str, Any], question: Question) -> list[Any]:
    if question is Question.EMIT:
        data: list[Any] = message["packet"]["data"]
        return data
    return message["data"] if question is Question.SERVER else [""]


def encode_part(uid: str, id: str, reply: Reply) -> bytes:
    """To a gateway. Raises MalformedError for what cannot be sent."""
    part = [uid, reply.values, reply.clients, reply.last]
    return notepack.pack({"requestId": id, OURS: part})


def encode_answers(asked: Asked, reply: Reply) -> Iterator[bytes]:
    """To a Node server. Raises MalformedError for what cannot be sent."""
    request, id = asked.request, asked.id
    if request.question is Question.EMIT:
        if reply.clients is not None:
            yield _encode({"type": _COUNT, "requestId": id, "clientCount": reply.clients})
        for value in reply.values:
            yield notepack.pack({"type": _ACK, "requestId": id, "packet": value})
    elif request.question is Question.SERVER:
        # A program that has no answer gives an empty one, so that Node does not wait in vain.
        value = reply.values[0] if reply.values else None
        yield _encode({"type": _SERVER, "requestId": id, "data": value})
    elif request.question is Question.ROOMS:
        yield _encode({"requestId": id, "rooms": reply.values})
    else:
        sockets = [one["id"] for one in reply.values] if asked.bare else reply.values
        yield _encode({"requestId": id, "sockets": sockets})


def decode_answer(message: dict[str, Any]) -> Answered:
    """Raises MalformedError."""
    try:
        id = message["requestId"]
        if OURS in message:
            uid, values, clients, last = message[OURS]
            return Answered(id, uid, Reply(tuple(values), clients, last), ours=True)
        return Answered(id, None, _reply(message))
    except classic.WRONG as error:
        raise MalformedError(f"not an answer: {error!r}") from error


def _reply(message: dict[str, Any]) -> Reply:
    kind = message.get("type")
    if kind == _COUNT:
        return Reply(clients=message["clientCount"], last=False)
    if kind == _ACK:
        return Reply((message.get("packet"),), last=False)
    if kind == _SERVER:
        return Reply((message.get("data"),))
    return Reply(tuple(message["sockets"] if "sockets" in message else message["rooms"]))


def _encode(message: dict[str, Any]) -> bytes:
    """As JSON.stringify does, but for what it has no form for, which notepack.io has."""
    try:
        text = json.dumps(message, separators=(",", ":"), ensure_ascii=False)
    except (TypeError, ValueError):
        return notepack.pack(message)
    return text.encode("utf-8", "surrogatepass")
