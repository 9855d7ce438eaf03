"""What this gateway answers to the questions of others, on its way to them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

from structlog.stdlib import get_logger

from chatcluster.core.envelope import Envelope
from chatcluster.core.errors import FanoutError, MalformedError
from chatcluster.core.request import Reply
from chatcluster.fanout.asking.signals import Asked, Kind, reply_args

BATCH_BYTES = 256 * 1024  # that are published together; a single larger reply goes alone

_log = get_logger(__name__)

Envelop = Callable[[Kind, tuple[Any, ...], str], Envelope]
Publish = Callable[[Sequence[Envelope]], Awaitable[None]]


class _Letter(NamedTuple):
    kind: Kind
    to: str
    args: tuple[Any, ...] = ()
    size: int = 0
    deadline: float | None = None  # of the event loop's clock: nobody waits for it after that


class Outbox:
    """Sends to single gateways, in order, as fast as the carrier takes it."""

    def __init__(self, envelop: Envelop, publish: Publish) -> None:
        self._envelop = envelop
        self._publish = publish
        self._letters: asyncio.Queue[_Letter] = asyncio.Queue()

    def beat(self, to: str) -> None:
        """A sign of life for one gateway."""
        self._letters.put_nowait(_Letter(Kind.BEAT, to))

    def post(self, to: str, args: tuple[Any, ...], deadline: float) -> None:
        size = len(args[-1])
        self._letters.put_nowait(_Letter(Kind.REPLY, to, args, size, deadline))

    async def keep_sending(self) -> None:
        """For ever."""
        while True:
            batch = await self._next_batch()
            try:
                await self._publish([self._envelop(one.kind, one.args, one.to) for one in batch])
            except FanoutError as error:
                # The askers learn of it by their timeout.
                _log.warning("replies_not_sent", count=len(batch), error=str(error))

    async def _next_batch(self) -> list[_Letter]:
        batch = [await self._letters.get()]
        size = batch[0].size
        while not self._letters.empty() and size < BATCH_BYTES:
            batch.append(self._letters.get_nowait())
            size += batch[-1].size
        now = asyncio.get_running_loop().time()
        return [one for one in batch if one.deadline is None or now < one.deadline]


class Return:
    """Takes the parts of one answer until the last one, or until the asker waits no longer."""

    __slots__ = ("_asked", "_deadline", "_next", "_outbox", "_over", "_to")

    def __init__(self, asked: Asked, to: str, outbox: Outbox) -> None:
        self._asked = asked
        self._to = to
        self._outbox = outbox
        self._deadline = asyncio.get_running_loop().time() + asked.timeout
        self._next = 0
        self._over = not asked.request.answered

    def __call__(self, reply: Reply) -> None:
        if self._over or asyncio.get_running_loop().time() >= self._deadline:
            return
        self._over = reply.last
        try:
            args = reply_args(self._asked.id, self._next, reply)
        except MalformedError as error:
            # Without its values, so that nobody waits for what cannot be sent.
            _log.error("reply_unsendable", error=str(error))
            args = reply_args(self._asked.id, self._next, Reply((), reply.clients, reply.last))
        self._next += 1
        self._outbox.post(self._to, args, self._deadline)
