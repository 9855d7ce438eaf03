"""The protocol of @socket.io/redis-streams-adapter 0.3.1 (`lib/adapter.ts`, `lib/util.ts`).

What changes something goes through a stream, which everybody reads on from where he stands, so
nothing is lost while connections are. Questions and answers, which nobody needs later, go by
pub/sub.

Differences from Node's, which lose messages there:
- a reader that has not yet read anything begins at a fixed entry and not, with every read anew, at
  whatever is then the last one;
- failed reads are repeated with growing pauses;
- with several streams, the hash of many namespaces' names is negative, and Node then writes to a
  stream that it does not read ("socket.io--1"). These streams are read here too, and what is for
  such a namespace is written to one that Node reads: its readers take every namespace from each.
"""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from chatcluster.connections.redis_pair import PLAIN, SHARDED, Words
from chatcluster.connections.redis_stream import Entry, StreamReader, newest, only_id
from chatcluster.core.envelope import Envelope, RoomKey
from chatcluster.core.errors import MalformedError
from chatcluster.core.request import Question, Reply, Request
from chatcluster.fanout.adapter import cluster_message, cluster_questions, notepack, sharded
from chatcluster.fanout.adapter.channels import Channels, Interest, Kind, Route, channel
from chatcluster.fanout.adapter.dialect import OURS, Answered, Asked, Audience
from chatcluster.fanout.adapter.protocols import Streams
from chatcluster.fanout.adapter.uids import Uids

ROOMS = "ccRooms"  # a field of ours, which tells whether the rest has to be decoded
ROOMS_FIELD, OURS_FIELD = ROOMS.encode(), OURS.encode()


class StreamNames:
    """The names of channels, and of streams."""

    def __init__(self, options: Streams, uids: Uids) -> None:
        self._options = options
        self._uids = uids

    def main(self, namespace: str) -> bytes:
        return channel(f"{self._options.channel_prefix}#", namespace)

    def server(self, namespace: str, uid: str) -> bytes:
        return channel(f"{self._options.channel_prefix}#", namespace, uid)

    def echo(self, name: str) -> bytes:
        """For a gateway to hear itself."""
        return channel(f"{self._options.channel_prefix}-chatcluster-echo#", name)

    def of_room(self, key: RoomKey) -> Channels:
        return iter(())  # a stream brings it

    def of_rooms(self, namespace: str) -> Channels:
        return iter(())

    def of_server(self, namespace: str) -> Channels:
        """Node counts who listens to the first (`serverCount`), so listening means answering."""
        yield self.main(namespace), Route(Kind.REQUEST, namespace, "")
        uid = self._uids.of(namespace)
        yield self.server(namespace, uid), Route(Kind.RESPONSE, namespace, "")

    def stream(self, namespace: str) -> bytes:
        """Where to write what is for *namespace*; see above for its difference from Node's."""
        name, count = self._options.stream_name, self._options.stream_count
        return (
            name.encode()
            if count == 1
            else b"%s-%d" % (name.encode(), hash_code(namespace) % count)
        )

    def streams(self) -> list[bytes]:
        """All that Node servers and emitters write to; the emitter knows of one only."""
        name, count = self._options.stream_name.encode(), self._options.stream_count
        return [name, *(b"%s-%d" % (name, n) for n in range(1 - count, count) if count > 1)]


class StreamsDialect:
    """Reads and writes it; *sequences* numbers what comes from Node, which does not."""

    def __init__(self, options: Streams, uids: Uids, sequences: Iterator[int]) -> None:
        self.options = options
        self.naming = StreamNames(options, uids)
        self.echo = self.naming.echo
        self.servers = self.naming.main
        self.server = self.naming.server
        self.uid = uids.of
        self.verbs = SHARDED if options.use_sharded_pub_sub else PLAIN
        self._uids = uids
        self._sequences = sequences
        self._plain = options.only_plaintext
        self._trim = (b"MAXLEN", b"~", b"%d" % options.max_len, b"*")

    def new_id(self, question: Question) -> str:
        prefix = cluster_questions.ROOMS_ID if question is Question.ROOMS else ""
        return prefix + self._uids.new()

    def publish(self, envelope: Envelope) -> Words:
        namespace = envelope.namespace
        uid = self.uid(namespace)
        message = cluster_message.from_envelope(uid, envelope)
        fields = {
            "uid": uid.encode(),
            "nsp": namespace.encode(),
            "type": b"%d" % message["type"],
            "data": self._encode(message["data"]),
            OURS: self._encode({OURS: message[OURS]}),
            ROOMS: self._encode({ROOMS: envelope.rooms}),
        }
        words = [word for name, value in fields.items() for word in (name.encode(), value)]
        return b"XADD", self.naming.stream(namespace), *self._trim, *words

    def ask(self, request: Request, id: str | None) -> Words:
        message = cluster_questions.from_request(self.uid(request.namespace), request, id)
        return self.verbs.publish, self.servers(request.namespace), notepack.pack(message)

    def answer(self, asked: Asked, reply: Reply) -> Sequence[Words]:
        namespace = asked.request.namespace
        channel = self.server(namespace, asked.asker)
        messages = cluster_questions.from_reply(self.uid(namespace), asked, reply)
        return [(self.verbs.publish, channel, notepack.pack(message)) for message in messages]

    def read(self, route: Route, payload: bytes) -> Envelope | Asked | Answered | None:
        message = sharded.decode(payload)
        if message.get("nsp") != route.namespace:
            raise MalformedError("not a message of this namespace")
        response = route.kind is Kind.RESPONSE
        return sharded.read_message(message, self._sequences, response=response)

    def read_entry(self, entry: Entry, interest: Interest) -> Envelope | None:
        """What an entry of a stream means, if any of its rooms is wanted; the rest is decoded as
        little as that takes. Raises MalformedError."""
        words = iter(entry[1])
        fields = dict(zip(words, words, strict=False))
        try:
            namespace = _text(fields.get(b"nsp", b""))
            if not interest.has_rooms(namespace) or not _is_for(fields, namespace, interest):
                return None
            message = {"type": int(fields[b"type"]), "nsp": namespace, "uid": _text(fields[b"uid"])}
            if OURS_FIELD in fields:
                message |= _decode(fields[OURS_FIELD])
            if b"data" in fields:
                message["data"] = _decode(fields[b"data"])
        except (ValueError, LookupError) as error:
            raise MalformedError(f"not an entry: {error!r}") from error
        if not cluster_message.is_envelope(message):
            return None
        envelope = cluster_message.to_envelope(message, namespace, self._sequences)
        return envelope if interest.wants(envelope) else None

    def reading(self, audience: Audience) -> Reading:
        return Reading(self, audience)

    def _encode(self, data: Any) -> bytes:
        """As `encode` in lib/adapter.ts: text, in whichever way."""
        try:
            return orjson.dumps(data, default=_plain if self._plain else None, option=sharded.PASS)
        except TypeError:
            return base64.b64encode(notepack.pack(data))


class Reading:
    """Reads the streams, and hands over what is wanted of them."""

    def __init__(self, dialect: StreamsDialect, audience: Audience) -> None:
        self._dialect = dialect
        self._audience = audience
        options = dialect.options
        self.reader = StreamReader(
            dialect.naming.streams(),
            self._entries,
            audience.restored,
            count=options.read_count,
            block_ms=options.block_time_in_ms,
        )

    async def caught_up(self, query: Callable[[Words], Awaitable[Any]]) -> None:
        """Return when everything that is in the streams now was read."""
        for key in self.reader.keys:
            await self.reader.passed(key, only_id(await query(newest(key))))

    def _entries(self, entries: Sequence[Entry]) -> None:
        envelopes, interest = [], self._audience.interest
        for entry in entries:
            try:
                if envelope := self._dialect.read_entry(entry, interest):
                    envelopes.append(envelope)
            except MalformedError as error:
                self._audience.complain(self._dialect.options.stream_name.encode(), error)
        self._audience.deliver(envelopes)


def _is_for(fields: dict[bytes, bytes], namespace: str, interest: Interest) -> bool:
    """Whether any of the rooms is wanted, as far as that can be told without the data."""
    if ROOMS_FIELD not in fields:
        return True
    return interest.wants_any(namespace, _decode(fields[ROOMS_FIELD])[ROOMS])


def _decode(value: bytes) -> Any:
    """As `decode` in lib/adapter.ts."""
    if value[:1] == b"{":
        return sharded.decode(value)
    return notepack.unpack(base64.b64decode(value, validate=True))


def _text(value: bytes) -> str:
    return value.decode("utf-8", "surrogatepass")


def _plain(value: Any) -> Any:
    """As JSON.stringify writes a Date and a Buffer, which are then no longer that."""
    if isinstance(value, datetime):
        text = value.astimezone(UTC).isoformat(timespec="milliseconds")
        return text.replace("+00:00", "Z")
    if isinstance(value, bytes):
        return {"type": "Buffer", "data": list(value)}
    raise TypeError(f"JSON has no form for {type(value).__name__}")


def hash_code(text: str) -> int:
    """`hashCode` in lib/util.ts, of JavaScript's 32 signed bits."""
    units = text.encode("utf-16-le", "surrogatepass")
    result = 0
    for index in range(0, len(units), 2):
        result = (result * 31 + int.from_bytes(units[index : index + 2], "little")) & 0xFFFFFFFF
    return result - 2**32 if result >= 2**31 else result
