"""Carries out what other services ask for, as one more publisher beside the gateways."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from chat_hub.denied import INVALID, KEY_REUSED, TOO_LARGE, UNAVAILABLE, Denied
from chat_hub.orders import Order
from chatcluster.core.backoff import delays
from chatcluster.core.envelope import Envelope
from chatcluster.core.errors import FanoutError, MalformedError
from chatcluster.core.ids import short_id
from chatcluster.core.recent import Recent
from chatcluster.core.request import Reply, Request
from chatcluster.fanout.asking.carrying import Carrying
from chatcluster.fanout.hub.protocol import GRACE, ONCE
from chatcluster.fanout.wire import pack
from chatcluster.runtime.background import background
from chatcluster.runtime.logs import get_logger

KEY_SECONDS, KEYS = 600.0, 10_000  # how long, and how many, keys are remembered
ANSWER_SECONDS = 10.0
UNDER_WAY = 5_000  # orders that may wait for their hubs at a time

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Draft:
    """An order with its id; *content* tells two orders of one key apart."""

    order: Order
    id: str
    content: str


@dataclass(frozen=True, slots=True)
class _Known:
    """What was, or is being, carried out; the task gives the number of gateways."""

    draft: _Draft
    task: asyncio.Task[int]


class Broadcaster:
    """Publishes orders through the hubs that their rooms belong to, so they keep their place among
    what gateways publish there.

    An order with a key is carried out once, however often it comes in ten minutes: a repeat here
    gets the first one's answer, and what is repeated at another hub has the same id, by which
    gateways know it.
    """

    def __init__(self, name: str, *, gateways: Callable[[], int], limit: int) -> None:
        """*gateways* counts those that are connected; *limit* is bytes of one request's orders."""
        self.carried_out = 0
        self._origin = f"{name} {short_id(os.urandom)}"
        self._gateways = gateways
        self._limit = limit
        self._fanout: Carrying | None = None
        self._sequence = 0
        self._under_way = 0
        self._known: Recent[_Known] = Recent(KEY_SECONDS, KEYS)

    @asynccontextmanager
    async def publishing(self, fanout: Carrying) -> AsyncIterator[None]:
        """Open *fanout*, and take orders, while the body runs."""
        try:
            async with background(publishing=self._keep_open(fanout)):
                yield
        finally:
            self._fanout = None
            await fanout.close()

    async def carry_out(self, orders: Sequence[Order]) -> list[dict[str, Any]]:
        """Return the answers once hubs have taken all of *orders*; they go out in this order.

        Raises Denied: for what is wrong with any of them, with nothing sent, or because hubs did
        not take them, and then none, some or all of them may arrive.
        """
        fanout = self._ready()
        drafts = self._drafts(orders)
        known = self._remembered(drafts)
        fresh = [draft for draft in drafts if draft.id not in known]
        if self._under_way + len(fresh) > UNDER_WAY:
            raise Denied(UNAVAILABLE, "too much is waiting for its hub")
        if fresh:
            known |= self._start(fanout, fresh)
        return [
            # Shielded: who asks again waits for it too.
            {"id": draft.id, "gateways": await asyncio.shield(known[draft.id].task)}
            for draft in drafts
        ]

    async def _keep_open(self, fanout: Carrying) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        pauses = delays(0.1, GRACE, random.random)
        while True:
            try:
                await fanout.open(_Nobody())
                break
            except FanoutError as error:
                log.warning("broadcasts_unavailable", reason=str(error))
                await asyncio.sleep(next(pauses))
        # A hub that was gone still has to be found by gateways, and rooms would come here at once.
        await asyncio.sleep(began + GRACE - loop.time())
        self._fanout = fanout
        log.info("broadcasts_taken")
        await loop.create_future()

    def _ready(self) -> Carrying:
        if self._fanout is None:
            raise Denied(UNAVAILABLE, "this hub starts or stops; try again in two seconds")
        return self._fanout

    def _drafts(self, orders: Sequence[Order]) -> list[_Draft]:
        drafts, size = [], 0
        for place, order in enumerate(orders):
            try:
                packed = pack(order.model_dump(exclude={"key"}))
            except MalformedError as error:
                where = f"[{place}]." if len(orders) > 1 else ""
                raise Denied(INVALID, f"{where}args: {error}") from error
            size += len(packed)
            drafts.append(_draft(order, packed))
        if size > self._limit:
            raise Denied(TOO_LARGE, f"a request may have {self._limit} bytes")
        return drafts

    def _remembered(self, drafts: Sequence[_Draft]) -> dict[str, _Known]:
        """What was carried out before, by id. Raises Denied for a key that is another order's."""
        now = asyncio.get_running_loop().time()
        contents: dict[str, str] = {}
        known: dict[str, _Known] = {}
        for draft in drafts:
            key = draft.order.key
            if key is None:
                continue
            before = self._known.get(key, now)
            if before is not None:
                contents[key] = before.draft.content
                known[draft.id] = before
            if contents.setdefault(key, draft.content) != draft.content:
                raise Denied(KEY_REUSED, f"key: {key!r} was used for something else")
        return known

    def _start(self, fanout: Carrying, fresh: Sequence[_Draft]) -> dict[str, _Known]:
        unique = list({draft.id: draft for draft in fresh}.values())
        task = asyncio.create_task(self._publish(fanout, unique), name="broadcast")
        task.add_done_callback(lambda task: self._forget_if_failed(task, unique))
        now = asyncio.get_running_loop().time()
        for draft in unique:
            if draft.order.key is not None:
                self._known.put(draft.order.key, _Known(draft, task), now)
        return {draft.id: _Known(draft, task) for draft in unique}

    async def _publish(self, fanout: Carrying, drafts: Sequence[_Draft]) -> int:
        self._under_way += len(drafts)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await fanout.publish([self._envelope(draft) for draft in drafts])
        except (FanoutError, TimeoutError) as error:
            reason = str(error) or "no hub has answered"
            raise Denied(
                UNAVAILABLE, f"{reason}; it may have been sent: repeat it with the same key"
            ) from error
        finally:
            self._under_way -= len(drafts)
        self.carried_out += len(drafts)
        return self._gateways()

    def _envelope(self, draft: _Draft) -> Envelope:
        order = draft.order
        self._sequence += 1
        return Envelope(
            self._origin,
            self._sequence,
            order.namespace,
            order.action,
            rooms=tuple(order.rooms),
            exclude=tuple(order.exclude),
            flags={} if order.key is None else {ONCE: draft.id},
            **order.own(),
        )

    def _forget_if_failed(self, task: asyncio.Task[int], drafts: Sequence[_Draft]) -> None:
        if not task.cancelled() and task.exception() is None:
            return
        for draft in drafts:
            if draft.order.key is not None:
                self._known.forget(draft.order.key)


class _Nobody:
    """A receiver for who only publishes."""

    def deliver(self, envelopes: Sequence[Envelope]) -> None:
        pass

    def interrupted(self) -> None:
        pass

    def answer(self, request: Request, reply: Callable[[Reply], None]) -> None:
        reply(Reply())


def _draft(order: Order, packed: bytes) -> _Draft:
    if order.key is None:
        return _Draft(order, short_id(os.urandom), "")
    content = blake2b(bytes([order.action]) + packed, digest_size=16).hexdigest()
    name = blake2b(f"{content}{order.key}".encode()).digest()
    return _Draft(order, short_id(lambda size: name[:size]), content)
