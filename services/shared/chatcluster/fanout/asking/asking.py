"""Questions to the other gateways, over a fan-out that can only carry."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence, Set
from contextlib import suppress
from itertools import groupby
from typing import Any

from structlog.stdlib import get_logger

from chatcluster.connections.ending import end
from chatcluster.core.attendance import Attendance
from chatcluster.core.envelope import Action, Envelope, RoomKey
from chatcluster.core.errors import FanoutError, MalformedError
from chatcluster.core.request import Request
from chatcluster.fanout.answers import nobody
from chatcluster.fanout.asking.carrying import Carrying
from chatcluster.fanout.asking.questions import Questions
from chatcluster.fanout.asking.replying import Outbox, Return
from chatcluster.fanout.asking.signals import (
    EVERYBODY,
    NAMESPACE,
    Kind,
    ask_args,
    read_ask,
    read_reply,
)
from chatcluster.fanout.port import Answers, Receiver, State, store_of

BEAT_SECONDS = 1.0
BYE_SECONDS = 0.5  # that closing waits at most for a carrier to take the goodbye

_log = get_logger(__name__)


class Asking:
    """A fan-out that asks by envelopes of its own, which *inner* carries like any other.

    Who is there is known by beats. A gateway that said goodbye, or was silent for three beats, is
    gone: it completes what it was asked. For one beat after `open`, and after the carrier was away,
    the others have yet to be met: a question of that time waits until they are.
    """

    def __init__(self, inner: Carrying, origin: str, *, beat_seconds: float = BEAT_SECONDS) -> None:
        """*origin* as in this gateway's envelopes; *beat_seconds* are the same on all gateways."""
        self.mode = inner.mode
        self.durable = inner.durable
        self.shared = inner.shared
        self._inner = inner
        # Not the origin itself: that one's envelopes are numbered by somebody else.
        self._id = f"{origin}#"
        self._always = {EVERYBODY, RoomKey(NAMESPACE, self._id)}
        self._sequence = 0
        self._beat_seconds = beat_seconds
        self._attendance = Attendance()
        self._to_greet = False
        self._hurry = asyncio.Event()
        self._all_known = asyncio.Event()
        self._questions = Questions()
        self._outbox = Outbox(self._envelope, inner.publish)
        self._receiver: Receiver | None = None
        self._loops: list[asyncio.Task[None]] = []

    @property
    def state(self) -> State:
        return State.CLOSED if self._receiver is None else self._inner.state

    @property
    def store(self) -> object | None:
        """As `store_of` says."""
        return store_of(self._inner)

    async def open(self, receiver: Receiver) -> None:
        self._receiver = receiver
        try:
            await self._inner.open(self)
            await self._inner.want(self._always)
            # Whoever asks after this has been taken knows of us by the time that the question goes
            # through the carrier.
            await self._greet()
        except BaseException:
            await self.close()
            raise
        for work in (self._keep_beating(), self._outbox.keep_sending()):
            self._loops.append(asyncio.create_task(work, name="asking"))
            self._loops[-1].add_done_callback(_report)

    async def publish(self, envelopes: Sequence[Envelope]) -> None:
        self._check_open()
        await self._inner.publish(envelopes)

    async def want(self, rooms: Set[RoomKey]) -> None:
        self._check_open()
        await self._inner.want(rooms | self._always)

    async def ask(self, request: Request, timeout: float) -> Answers:
        self._check_open()
        deadline = asyncio.get_running_loop().time() + timeout
        await self._meet(timeout)
        left = deadline - asyncio.get_running_loop().time()
        if not request.answered:
            await self._publish(Kind.ASK, ask_args(0, left, request))
            return nobody()
        id, answers = self._questions.begin(left)
        try:
            await self._publish(Kind.ASK, ask_args(id, left, request))
        except BaseException:
            self._questions.end(id)
            raise
        return answers

    async def check(self) -> None:
        self._check_open()
        if any(loop.done() for loop in self._loops):
            raise FanoutError("nobody tells the others any more that this gateway is there")
        await self._inner.check()

    async def close(self) -> None:
        was_up = self.state is State.UP
        self._receiver = None
        loops, self._loops = self._loops, []
        await end(loops)
        if was_up:
            await self._say_goodbye()
        await self._inner.close()
        self._questions.end_all()
        self._attendance = Attendance()

    # What the carrier brings.

    def deliver(self, envelopes: Sequence[Envelope]) -> None:
        receiver = self._receiver
        if receiver is None:
            return
        for ours, group in groupby(envelopes, _is_ours):
            if not ours:
                receiver.deliver(list(group))
                continue
            for envelope in group:
                try:
                    self._hear(envelope, receiver)
                except MalformedError as error:
                    _log.warning("signal_malformed", origin=envelope.origin, error=str(error))

    def interrupted(self) -> None:
        self._attendance.interrupted()
        self._all_known.clear()
        self._to_greet = True
        self._hurry.set()
        if self._receiver is not None:
            self._receiver.interrupted()

    def answer(self, request: Request, reply: Any) -> None:
        raise AssertionError("a fan-out that only carries asks nothing")

    def _hear(self, envelope: Envelope, receiver: Receiver) -> None:
        origin, kind = envelope.origin, envelope.event
        if origin == self._id:
            self._hear_own(envelope)
        elif kind in (Kind.HELLO, Kind.BEAT):
            self._attendance.heard(origin)
            if kind == Kind.HELLO:
                self._outbox.beat(origin)
        elif kind == Kind.BYE:
            self._attendance.left(origin)
            self._questions.gone(origin)
        elif kind == Kind.ASK:
            asked = read_ask(envelope)
            receiver.answer(asked.request, Return(asked, origin, self._outbox))
        elif kind == Kind.REPLY:
            self._questions.heard(origin, read_reply(envelope))

    def _hear_own(self, envelope: Envelope) -> None:
        if envelope.event == Kind.ASK:
            self._questions.asked(envelope.args[0], self._attendance.others)
        elif envelope.event in (Kind.HELLO, Kind.BEAT):
            for origin in self._attendance.came_back():
                self._questions.gone(origin)
            if self._attendance.all_known:
                self._all_known.set()

    # What is sent.

    async def _keep_beating(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._beat_seconds):
                    await self._hurry.wait()
            self._hurry.clear()
            # What is not taken is said again by the next beat.
            with suppress(FanoutError):
                if self._to_greet:
                    await self._greet()
                else:
                    await self._publish(Kind.BEAT)

    async def _greet(self) -> None:
        self._attendance.greet()
        self._all_known.clear()
        await self._publish(Kind.HELLO)
        self._to_greet = False

    async def _meet(self, timeout: float) -> None:
        """Return when the others are known, or half of *timeout* is over, or nobody can be met."""
        if self._inner.state is State.UP and not self._all_known.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(min(2 * self._beat_seconds, timeout / 2)):
                    await self._all_known.wait()

    async def _say_goodbye(self) -> None:
        with suppress(FanoutError, TimeoutError):
            async with asyncio.timeout(BYE_SECONDS):
                await self._publish(Kind.BYE)

    async def _publish(self, kind: Kind, args: tuple[Any, ...] = ()) -> None:
        await self._inner.publish([self._envelope(kind, args)])

    def _envelope(self, kind: Kind, args: tuple[Any, ...], to: str = "") -> Envelope:
        """To one gateway, or to all; it has to be published at once, since it is numbered."""
        self._sequence += 1
        return Envelope(
            origin=self._id,
            sequence=self._sequence,
            namespace=NAMESPACE,
            action=Action.SIGNAL,
            rooms=(to,) if to else (),
            event=kind,
            args=args,
        )

    def _check_open(self) -> None:
        if self._receiver is None:
            raise FanoutError(f"the {self.mode} fan-out is closed")


def _is_ours(envelope: Envelope) -> bool:
    return envelope.namespace == NAMESPACE


def _report(loop: asyncio.Task[None]) -> None:
    if not loop.cancelled() and (error := loop.exception()):
        _log.critical("asking_crashed", exc_info=error)
