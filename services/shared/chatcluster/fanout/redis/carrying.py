"""Envelopes through plain Redis pub/sub."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Sequence, Set
from itertools import count

from structlog.stdlib import get_logger

from chatcluster.connections.redis import server
from chatcluster.connections.redis_carrier import RedisCarrier
from chatcluster.connections.redis_link import Message
from chatcluster.connections.redis_pair import Words
from chatcluster.connections.redis_url import target
from chatcluster.core.envelope import Action, Envelope, RoomKey
from chatcluster.core.errors import FanoutError, MalformedError
from chatcluster.core.ids import short_id
from chatcluster.fanout import wire
from chatcluster.fanout.port import Receiver, State
from chatcluster.fanout.redis import messages
from chatcluster.fanout.redis.channels import OURS, Interest, Names
from chatcluster.fanout.redis_publisher import Publisher

MOST_COMPLAINTS = 1000  # that are remembered

# What is written by hand is not numbered. Numbered here, and by one count for all fan-outs of this
# process, none is taken for the repeat of another.
_UNNUMBERED = count(1)

_log = get_logger(__name__)


class RedisPubSub:
    """A fan-out that cannot ask, and sends other gateways only events of *events*.

    The others, which it says once in the log, reach this gateway's own clients; they go through
    Redis all the same, on a channel of their own, so that they keep their place among the rest.
    """

    mode = "redis"
    durable = False
    shared = True

    def __init__(
        self,
        url: str,
        *,
        prefix: str,
        events: Sequence[str],
        random_bytes: Callable[[int], bytes] = os.urandom,
        random: Callable[[], float] = random.random,
    ) -> None:
        if "" in events:
            raise ValueError("an event has no name")
        self._names = Names(prefix)
        self._events = frozenset(events)
        self._listed = tuple(events)
        self._interest = Interest(self._names, self._listed)
        name = short_id(random_bytes)
        self._here = self._names.private("here", name)
        echo = self._names.private("echo", name)
        self._carrier = RedisCarrier(target(url), echo, random)
        self._publisher = Publisher(self._carrier, self._words, server(url))
        self._receiver: Receiver | None = None
        self._said: set[str] = set()
        self._complaints: set[tuple[bytes, str]] = set()

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
        self._receiver = receiver
        try:
            await self._carrier.change([self._here], [])
        except BaseException:
            await self.close()
            raise

    async def publish(self, envelopes: Sequence[Envelope]) -> None:
        await self._publisher.publish(envelopes)

    async def want(self, rooms: Set[RoomKey]) -> None:
        if self._receiver is None:
            raise FanoutError("the redis fan-out is closed")
        await self._carrier.change(*self._interest.change(rooms))

    async def check(self) -> None:
        await self._carrier.check()

    async def close(self) -> None:
        self._receiver = None
        self._interest = Interest(self._names, self._listed)
        await self._carrier.close()

    def messages(self, messages: Sequence[Message]) -> None:
        """From Redis: deliver what is wanted, all at once."""
        envelopes = [
            envelope
            for channel, payload in messages
            if (envelope := self._read(channel, payload)) and self._interest.wants(envelope)
        ]
        if envelopes and self._receiver is not None:
            self._receiver.deliver(envelopes)

    def restored(self) -> None:
        """From Redis: it was gone."""
        if self._receiver is not None:
            self._receiver.interrupted()

    def _words(self, envelope: Envelope) -> Words:
        return b"PUBLISH", *self._encode(envelope)

    def _encode(self, envelope: Envelope) -> Message:
        if envelope.action is not Action.EMIT:
            return self._names.of(envelope), wire.encode(envelope)
        if envelope.event in self._events:
            return self._names.of(envelope), messages.encode(envelope)
        self._say_once(envelope.event)
        return self._here, wire.encode(envelope)

    def _say_once(self, event: str) -> None:
        if event not in self._said and len(self._said) < MOST_COMPLAINTS:
            self._said.add(event)
            _log.warning("redis_event_not_listed", event_name=event, setting="redis_events")

    def _read(self, channel: bytes, payload: bytes) -> Envelope | None:
        route = self._interest.routes.get(channel)
        try:
            if channel == self._here or (route is not None and route.event == OURS):
                return wire.decode(payload)
            # Without a route: left while its messages were on their way.
            return messages.decode(payload, route, _UNNUMBERED) if route is not None else None
        except MalformedError as error:
            self._complain(channel, error)
            return None

    def _complain(self, channel: bytes, error: MalformedError) -> None:
        """Once per channel and mistake: a program that errs for ever would fill the log."""
        complaint = channel, str(error)
        if complaint not in self._complaints and len(self._complaints) < MOST_COMPLAINTS:
            self._complaints.add(complaint)
            _log.warning("redis_malformed", channel=repr(channel), reason=str(error))
