"""Envelopes on their way to the fan-out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from chat_gateway.manager.work import Work
from chatcluster.core.envelope import Envelope
from chatcluster.core.errors import FanoutError, MalformedError
from chatcluster.fanout.port import Fanout


class Outcome(Protocol):
    """Who is told what became of an envelope; one of the two is called, once."""

    def give(self, reply: Any) -> None:
        """The carrier has taken it; *reply* is what was said to be given then."""

    def fail(self, error: BaseException) -> None:
        """The carrier has not taken it, as far as is known."""


class _Parting(NamedTuple):
    envelope: Envelope
    outcome: Outcome
    reply: Any


class Publishing:
    """What is to be published within one turn of the event loop leaves together, in its order: one
    task and one round trip for however many.
    """

    def __init__(self, fanout: Fanout) -> None:
        self.fanout = fanout
        self._batch: list[_Parting] = []
        self._work = Work()

    def add(self, envelope: Envelope, outcome: Outcome, reply: Any = None) -> None:
        if not self._batch:
            asyncio.get_running_loop().call_soon(self._leave)
        self._batch.append(_Parting(envelope, outcome, reply))

    async def publish(self, envelope: Envelope) -> None:
        """Return when the carrier has taken it. Raises FanoutError, and MalformedError for what
        cannot be sent.
        """
        awaited = _Awaited()
        self.add(envelope, awaited)
        await awaited.future

    def _leave(self) -> None:
        batch, self._batch = self._batch, []
        self._work.spawn(self._send(batch))

    async def _send(self, batch: Sequence[_Parting]) -> None:
        try:
            await self.fanout.publish([one.envelope for one in batch])
        except MalformedError as error:
            if len(batch) == 1:
                _fail(batch, error)
            else:
                # Nothing was sent; the others shall not suffer for one that cannot be. All at once,
                # so that what comes later stays behind them.
                await asyncio.gather(*(self._send([one]) for one in batch))
        except Exception as error:
            _fail(batch, error)
        except BaseException:
            _fail(batch, FanoutError("the gateway is leaving"))
            raise
        else:
            for one in batch:
                one.outcome.give(one.reply)


def _fail(batch: Sequence[_Parting], error: Exception) -> None:
    for one in batch:
        one.outcome.fail(error)


class _Awaited:
    """An outcome that a task waits for."""

    __slots__ = ("future",)

    def __init__(self) -> None:
        self.future: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def give(self, reply: Any) -> None:
        if not self.future.done():
            self.future.set_result(None)

    def fail(self, error: BaseException) -> None:
        if not self.future.done():
            self.future.set_exception(error)
