"""The protocol of `createShardedAdapter` (@socket.io/redis-adapter 8.3.0,
`lib/sharded-adapter.ts`): sharded pub/sub of Redis 7, also of a cluster.

On a cluster channels are on different servers, so the envelopes of one origin arrive in its order
only if they use the same channel, as those for the same rooms do.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from chatcluster.connections.redis_pair import SHARDED, Words
from chatcluster.core.envelope import Action, Envelope, RoomKey
from chatcluster.core.errors import MalformedError
from chatcluster.core.request import Question, Reply, Request
from chatcluster.fanout.adapter import cluster_message, cluster_questions, notepack
from chatcluster.fanout.adapter.channels import Channels, Kind, Route, channel
from chatcluster.fanout.adapter.dialect import Answered, Asked, Audience
from chatcluster.fanout.adapter.uids import Uids

PASS = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS
_SOCKET_ID = 20  # characters; `looksLikeASocketId`
_IN_A_ROOM = frozenset((Action.EMIT, Action.SIGNAL))


class ShardedNames:
    """The names of channels; in mode "static" there are only two for each namespace.

    In "dynamic" every room has one that does not look like a client's own, in "dynamic-private"
    every room: the publisher decides (`computeChannel`), so this decides by the same rule.
    """

    def __init__(self, prefix: str, mode: str, uids: Uids) -> None:
        self._prefix = prefix
        self._mode = mode
        self._uids = uids

    def main(self, namespace: str) -> bytes:
        return channel(f"{self._prefix}#", namespace)

    def server(self, namespace: str, uid: str) -> bytes:
        return channel(f"{self._prefix}#", namespace, uid)

    def echo(self, name: str) -> bytes:
        """For a gateway to hear itself."""
        return channel(f"{self._prefix}-chatcluster-echo#", name)

    def for_rooms(self, namespace: str, rooms: Sequence[str]) -> bytes:
        """Where something for *rooms* is published."""
        alone = len(rooms) == 1 and self.has_channel(rooms[0])
        return channel(f"{self._prefix}#", namespace, rooms[0] if alone else "")

    def has_channel(self, room: str) -> bool:
        if self._mode == "dynamic":
            return bool(room) and utf16_length(room) != _SOCKET_ID
        return bool(room) and self._mode == "dynamic-private"

    def of_room(self, key: RoomKey) -> Channels:
        if self.has_channel(key.room):
            yield self.for_rooms(key.namespace, (key.room,)), Route(Kind.BROADCAST, *key)

    def of_rooms(self, namespace: str) -> Channels:
        return iter(())  # the servers' own channel brings it

    def of_server(self, namespace: str) -> Channels:
        """Node counts who listens to the first (`serverCount`), so listening means answering."""
        yield self.main(namespace), Route(Kind.REQUEST, namespace, "")
        uid = self._uids.of(namespace)
        yield self.server(namespace, uid), Route(Kind.RESPONSE, namespace, "")


class ShardedDialect:
    """Reads and writes it; *sequences* numbers what comes from Node, which does not."""

    verbs = SHARDED

    def __init__(self, prefix: str, mode: str, uids: Uids, sequences: Iterator[int]) -> None:
        self.naming = ShardedNames(prefix, mode, uids)
        self.echo = self.naming.echo
        self.servers = self.naming.main
        self.server = self.naming.server
        self.uid = uids.of
        self._uids = uids
        self._sequences = sequences

    def new_id(self, question: Question) -> str:
        prefix = cluster_questions.ROOMS_ID if question is Question.ROOMS else ""
        return prefix + self._uids.new()

    def reading(self, audience: Audience) -> None:
        """There is nothing to read but channels."""

    def publish(self, envelope: Envelope) -> Words:
        namespace = envelope.namespace
        rooms = envelope.rooms if envelope.action in _IN_A_ROOM else ()
        message = cluster_message.from_envelope(self.uid(namespace), envelope)
        return b"SPUBLISH", self.naming.for_rooms(namespace, rooms), encode(message)

    def ask(self, request: Request, id: str | None) -> Words:
        message = cluster_questions.from_request(self.uid(request.namespace), request, id)
        return b"SPUBLISH", self.servers(request.namespace), encode(message)

    def answer(self, asked: Asked, reply: Reply) -> Sequence[Words]:
        namespace = asked.request.namespace
        channel = self.server(namespace, asked.asker)
        messages = cluster_questions.from_reply(self.uid(namespace), asked, reply)
        return [(b"SPUBLISH", channel, encode(message)) for message in messages]

    def read(self, route: Route, payload: bytes) -> Envelope | Asked | Answered | None:
        message = decode(payload)
        if message.get("nsp") != route.namespace:
            raise MalformedError("not a message of this namespace")
        return read_message(message, self._sequences, response=route.kind is Kind.RESPONSE)


def read_message(
    message: cluster_message.Message, sequences: Iterator[int], *, response: bool = False
) -> Envelope | Asked | Answered | None:
    """Raises MalformedError."""
    if response:
        return cluster_questions.to_answered(message)
    if cluster_message.is_envelope(message):
        return cluster_message.to_envelope(message, message["nsp"], sequences)
    return cluster_questions.to_asked(message)


def encode(message: Any) -> bytes:
    """JSON, or MessagePack for what JSON has no form for (`encode` in lib/sharded-adapter.ts).
    Raises MalformedError."""
    try:
        return orjson.dumps(message, option=PASS)
    except TypeError:
        return notepack.pack(message)


def decode(payload: bytes) -> cluster_message.Message:
    """Raises MalformedError."""
    try:
        message = _from_json(payload) if payload[:1] == b"{" else notepack.unpack(payload)
    except ValueError as error:
        raise MalformedError(f"not JSON: {error}") from error
    if not isinstance(message, dict):
        raise MalformedError("not a message")
    return message


def _from_json(payload: bytes) -> Any:
    try:
        return orjson.loads(payload)
    except orjson.JSONDecodeError:
        return json.loads(payload)  # half a surrogate pair, which JavaScript's text may hold


def utf16_length(text: str) -> int:
    """What JavaScript calls its length."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
