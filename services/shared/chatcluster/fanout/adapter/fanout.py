"""A gateway's place in a cluster of Node and Python servers."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Callable, Collection, Sequence, Set
from itertools import count

from structlog.stdlib import get_logger

from chatcluster.connections.redis import server
from chatcluster.connections.redis_carrier import CHECK_SECONDS, RedisCarrier
from chatcluster.connections.redis_link import Message
from chatcluster.connections.redis_url import target
from chatcluster.core.envelope import Envelope, RoomKey
from chatcluster.core.errors import FanoutError, MalformedError
from chatcluster.core.ids import short_id
from chatcluster.core.request import Request
from chatcluster.fanout.adapter.answering import Return
from chatcluster.fanout.adapter.channels import Interest, Kind, Route
from chatcluster.fanout.adapter.classic_dialect import ClassicDialect
from chatcluster.fanout.adapter.dialect import Answered, Asked, Dialect
from chatcluster.fanout.adapter.protocols import Classic, Sharded, Streams
from chatcluster.fanout.adapter.questions import Questions
from chatcluster.fanout.adapter.sharded import ShardedDialect
from chatcluster.fanout.adapter.streams import StreamsDialect
from chatcluster.fanout.adapter.uids import classic_uids, cluster_uids
from chatcluster.fanout.answers import nobody
from chatcluster.fanout.port import Answers, Receiver, State
from chatcluster.fanout.redis_publisher import Publisher

# Node's envelopes are not numbered, and an emitter's all have one origin. Numbered here, and by one
# count for all fan-outs of this process, none is taken for the repeat of another, nor while the
# cluster moves from one Redis to another.
_UNNUMBERED = count(1)

_log = get_logger(__name__)


class AdapterFanout:
    """A fan-out through Redis, as Node's adapters speak it.

    *protocol* is the classic one if it is not given, with *key*. Clusters that share a Redis differ
    in the names that it has for channels. Listens to the channels of the wanted rooms one by
    one, where Node listens to all: so Redis sends a gateway nothing that nobody there wants.

    Node counts, and waits for, the servers that listen in a namespace. This one does so in
    *namespaces* always, as a Node server does in those that its program names, in those with wanted
    rooms for as long as there are any, and in those in which it has asked. Raises ValueError for a
    *url* that is none.
    """

    mode = "adapter"
    shared = True

    def __init__(
        self,
        url: str,
        protocol: Classic | Sharded | Streams | None = None,
        *,
        key: str = "socket.io",
        namespaces: Collection[str] = ("/",),
        random_bytes: Callable[[int], bytes] = os.urandom,
        random: Callable[[], float] = random.random,
    ) -> None:
        self._dialect = _dialect(protocol or Classic(key), random_bytes)
        self._namespaces = frozenset(namespaces)
        self.interest = Interest(self._dialect.naming)
        self._reading = self._dialect.reading(self)
        self.durable = self._reading is not None
        self._carrier = RedisCarrier(
            target(url),
            self._dialect.echo(short_id(random_bytes)),
            random,
            verbs=self._dialect.verbs,
            reader=self._reading.reader if self._reading is not None else None,
        )
        self._publisher = Publisher(self._carrier, self._dialect.publish, server(url))
        self._questions = Questions(self._dialect, self._carrier.count)
        self._receiver: Receiver | None = None
        self._malformed: set[bytes] = set()

    @property
    def store(self) -> object | None:
        """As `store_of` says."""
        return self._publisher.store

    @property
    def state(self) -> State:
        if self._receiver is None:
            return State.CLOSED
        return State.UP if self._carrier.is_up else State.DOWN

    async def open(self, receiver: Receiver) -> None:
        await self._carrier.open(self)
        try:
            await self._carrier.change(self.interest.attend(self._namespaces), [])
        except BaseException:
            await self.close()
            raise
        self._receiver = receiver

    async def publish(self, envelopes: Sequence[Envelope]) -> None:
        await self._publisher.publish(envelopes)

    async def want(self, rooms: Set[RoomKey]) -> None:
        self._check_open()
        await self._carrier.change(*self.interest.change(rooms))

    async def ask(self, request: Request, timeout: float) -> Answers:
        self._check_open()
        if channels := self.interest.attend([request.namespace]):
            await self._carrier.change(channels, [])
        if not request.answered:
            await self._carrier.send([self._dialect.ask(request, None)])
            return nobody()
        id = self._dialect.new_id(request.question)
        question = self._dialect.ask(request, id)
        answers = self._questions.begin(id, request, timeout)
        await self._questions.asked(id, self._carrier.send([question]))
        return answers

    async def check(self) -> None:
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                await self._carrier.check()
                if self._reading is not None:
                    await self._reading.caught_up(self._carrier.query)
        except TimeoutError as error:
            raise FanoutError(f"the streams were not read within {CHECK_SECONDS} s") from error

    async def close(self) -> None:
        self._receiver = None
        self.interest = Interest(self._dialect.naming)
        await self._questions.close()
        await self._carrier.close()

    def messages(self, messages: Sequence[Message]) -> None:
        """From Redis: deliver what is wanted, all at once up to the next question."""
        routes = self.interest.routes
        envelopes: list[Envelope] = []
        for channel, payload in messages:
            # Nothing is decoded of a channel that was left while its messages were on their way.
            if (route := routes.get(channel)) is None:
                continue
            read = self._read(route, channel, payload)
            if isinstance(read, Envelope):
                envelopes.append(read)
            elif read is not None:
                # Who asks for the clients of a room has perhaps just let them enter it.
                self.deliver(envelopes)
                envelopes = []
                self._answer(read)
        self.deliver(envelopes)

    def restored(self) -> None:
        """From Redis: it was gone, or went too fast."""
        if self._receiver is not None:
            self._receiver.interrupted()

    def deliver(self, envelopes: list[Envelope]) -> None:
        if envelopes and self._receiver is not None:
            self._receiver.deliver(envelopes)

    def _read(self, route: Route, channel: bytes, payload: bytes) -> Envelope | Asked | None:
        if route.kind is Kind.RESPONSE and not self._questions:
            return None  # every server hears the answers to all; decode them only for a question
        try:
            read = self._dialect.read(route, payload)
        except MalformedError as error:
            self.complain(channel, error)
            return None
        if isinstance(read, Envelope):
            return read if route.room or self.interest.wants(read) else None
        if isinstance(read, Answered):
            self._questions.heard(read)
            return None
        return read

    def _answer(self, asked: Asked) -> None:
        if self._receiver is not None and asked.asker != self._dialect.uid(asked.request.namespace):
            back = Return(asked, self._dialect, self._carrier.post)
            self._receiver.answer(asked.request, back)

    def complain(self, where: bytes, error: MalformedError) -> None:
        """Once per channel: a peer with another `parser` would fill the log."""
        if where not in self._malformed:
            self._malformed.add(where)
            _log.warning("adapter_malformed", channel=repr(where), reason=str(error))

    def _check_open(self) -> None:
        if self._receiver is None:
            raise FanoutError("the adapter fan-out is closed")


def _dialect(
    protocol: Classic | Sharded | Streams, random_bytes: Callable[[int], bytes]
) -> Dialect:
    if isinstance(protocol, Classic):
        return ClassicDialect(
            protocol.key,
            classic_uids(random_bytes),
            _UNNUMBERED,
            specific_response_channel=protocol.publish_on_specific_response_channel,
        )
    uids = cluster_uids(random_bytes)
    if isinstance(protocol, Streams):
        return StreamsDialect(protocol, uids, _UNNUMBERED)
    prefix, mode = protocol.channel_prefix, protocol.subscription_mode
    return ShardedDialect(prefix, mode, uids, _UNNUMBERED)
