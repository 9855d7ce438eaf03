"""A gateway's place in a cluster of Node and Python servers."""

from __future__ import annotations

import os
import random
from collections import defaultdict
from collections.abc import Callable, Sequence, Set
from itertools import count

from structlog.stdlib import get_logger

from chatcluster.connections.redis import endpoint
from chatcluster.connections.redis_carrier import RedisCarrier
from chatcluster.connections.redis_link import Message
from chatcluster.core.envelope import Action, Envelope, RoomKey
from chatcluster.core.errors import FanoutError, MalformedError
from chatcluster.core.ids import short_id
from chatcluster.fanout import wire
from chatcluster.fanout.adapter import classic
from chatcluster.fanout.adapter.channels import Interest, Kind, Names, Route
from chatcluster.fanout.port import Receiver, State

# Node's envelopes are not numbered, and an emitter's all have one origin. Numbered here, and by one
# count for all fan-outs of this process, none is taken for the repeat of another, nor while the
# cluster moves from one Redis to another.
_UNNUMBERED = count(1)

_log = get_logger(__name__)


class AdapterFanout:
    """A fan-out through Redis pub/sub, as the classic `@socket.io/redis-adapter` 8.x speaks it.

    *key* must be the `key` of the Node servers, and differ between clusters that share a Redis.
    Listens to the channels of the wanted rooms one by one, where Node listens to all: so Redis
    sends a gateway nothing that nobody there wants. Raises ValueError for a *url* that is none.
    """

    mode = "adapter"
    durable = False
    shared = True

    def __init__(
        self,
        url: str,
        *,
        key: str = "socket.io",
        random_bytes: Callable[[int], bytes] = os.urandom,
        random: Callable[[], float] = random.random,
    ) -> None:
        self._names = Names(key)
        self._interest = Interest(self._names)
        # `uid2(6)` in lib/index.ts: Node has one adapter, and so one uid, per namespace.
        self._uids = defaultdict[str, str](lambda: short_id(random_bytes, 5)[:6])
        echo = self._names.echo(short_id(random_bytes))
        self._carrier = RedisCarrier(endpoint(url), echo, random)
        self._receiver: Receiver | None = None
        self._malformed: set[bytes] = set()

    @property
    def state(self) -> State:
        if self._receiver is None:
            return State.CLOSED
        return State.UP if self._carrier.is_up else State.DOWN

    async def open(self, receiver: Receiver) -> None:
        await self._carrier.open(self)
        self._receiver = receiver

    async def publish(self, envelopes: Sequence[Envelope]) -> None:
        await self._carrier.publish([self._encode(envelope) for envelope in envelopes])

    async def want(self, rooms: Set[RoomKey]) -> None:
        if self._receiver is None:
            raise FanoutError("the adapter fan-out is closed")
        await self._carrier.change(*self._interest.change(rooms))

    async def check(self) -> None:
        await self._carrier.check()

    async def close(self) -> None:
        self._receiver = None
        self._interest = Interest(self._names)
        await self._carrier.close()

    def messages(self, messages: Sequence[Message]) -> None:
        """From Redis: deliver what is wanted, all at once."""
        routes = self._interest.routes
        envelopes = [
            envelope
            for channel, payload in messages
            # Nothing is decoded of a channel that was left while its messages were on their way.
            if (route := routes.get(channel)) and (envelope := self._read(route, channel, payload))
        ]
        if envelopes and self._receiver is not None:
            self._receiver.deliver(envelopes)

    def restored(self) -> None:
        """From Redis: it was gone."""
        if self._receiver is not None:
            self._receiver.interrupted()

    def _encode(self, envelope: Envelope) -> Message:
        namespace = envelope.namespace
        room = envelope.rooms[0] if len(envelope.rooms) == 1 else ""
        if envelope.action is Action.EMIT:
            payload = classic.encode_broadcast(self._uids[namespace], envelope)
            return self._names.broadcast(namespace, room), payload
        if envelope.action is Action.SIGNAL:  # Node has nothing like it
            return self._names.ours(namespace, room), wire.encode(envelope)
        payload = classic.encode_request(self._uids[namespace], envelope)
        return self._names.request(namespace), payload

    def _read(self, route: Route, channel: bytes, payload: bytes) -> Envelope | None:
        try:
            envelope = _decode(route, payload)
        except MalformedError as error:
            self._complain(channel, error)
            return None
        # The channel of one room tells that it is wanted; a common one does not.
        if envelope is None or route.room or self._interest.wants(envelope):
            return envelope
        return None

    def _complain(self, channel: bytes, error: MalformedError) -> None:
        """Once per channel: a peer with another `parser` would fill the log."""
        if channel not in self._malformed:
            self._malformed.add(channel)
            _log.warning("adapter_malformed", channel=repr(channel), reason=str(error))


def _decode(route: Route, payload: bytes) -> Envelope | None:
    if route.kind is Kind.BROADCAST:
        return classic.decode_broadcast(payload, route.namespace, _UNNUMBERED)
    if route.kind is Kind.OURS:
        return wire.decode(payload)
    return classic.decode_request(classic.read_request(payload), route.namespace, _UNNUMBERED)
