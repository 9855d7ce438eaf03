"""A gateway's place at the stream."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Callable, Sequence, Set

from structlog.stdlib import get_logger

from chatcluster.core.backoff import delays
from chatcluster.core.envelope import Action, Envelope, RoomKey
from chatcluster.core.errors import FanoutError, MalformedError
from chatcluster.core.ids import short_id
from chatcluster.fanout.port import Receiver, State
from chatcluster.fanout.wire import decode, encode
from chatcluster_nats.link import Link, connect

FIRST_DELAY, LONGEST_DELAY = 0.05, 1.0  # seconds between attempts to connect
CHECK_SECONDS = 4.5

_log = get_logger(__name__)


class NatsFanout:
    """A fan-out through one stream, which every gateway reads from where it stopped.

    All gateways see all envelopes in the stream's order. After an outage, each goes on after the
    last one that it has, unless that was longer ago than the stream keeps them. An envelope that
    was refused may have been stored all the same, and then arrives, in its place.

    Every gateway is sent every envelope, and looks for those that it wants.
    """

    mode = "nats"
    durable = True
    shared = True

    def __init__(
        self,
        servers: Sequence[str],
        stream: str,
        keep_seconds: float,
        *,
        random_bytes: Callable[[int], bytes] = os.urandom,
        random: Callable[[], float] = random.random,
    ) -> None:
        self._servers = servers
        self._stream = stream
        self._keep_seconds = keep_seconds
        self._random = random
        self._id = short_id(random_bytes)
        self._receiver: Receiver | None = None
        self._link: Link | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._wanted: Set[RoomKey] = frozenset()
        self._last: int | None = None  # how far in the stream all was taken, by earlier links
        self._arrived: list[Envelope] = []
        self._echoes: dict[int, asyncio.Future[None]] = {}
        self._echoes_sent = 0

    @property
    def state(self) -> State:
        if self._receiver is None:
            return State.CLOSED
        return State.DOWN if self._link is None else State.UP

    async def open(self, receiver: Receiver) -> None:
        if self._receiver is not None:
            raise FanoutError("already open")
        self._receiver, self._last = receiver, None
        try:
            self._link = await self._connect()
        except BaseException:
            self._receiver = None
            raise
        self._keeping = asyncio.create_task(self._keep(self._link, receiver), name="nats")
        self._keeping.add_done_callback(_report)

    async def publish(self, envelopes: Sequence[Envelope]) -> None:
        await self._up().publish([encode(envelope) for envelope in envelopes])

    async def want(self, rooms: Set[RoomKey]) -> None:
        self._wanted = frozenset(rooms)
        self._up()

    async def check(self) -> None:
        if self._keeping is not None and self._keeping.done():
            raise FanoutError("nobody looks after the connection any more")
        self._echoes_sent += 1
        number = self._echoes_sent
        came_back = self._echoes[number] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                # No client has the namespace "".
                await self.publish([Envelope(self._id, number, "", Action.SIGNAL)])
                await came_back
        except TimeoutError as error:
            raise FanoutError(f"nothing came back within {CHECK_SECONDS} s") from error
        finally:
            del self._echoes[number]

    async def close(self) -> None:
        self._receiver = None
        keeping, self._keeping = self._keeping, None
        if keeping is not None:
            keeping.cancel()
            await asyncio.wait([keeping])
        await self._let_go(FanoutError("the nats fan-out is closed"))

    def _up(self) -> Link:
        if self._link is None:
            raise FanoutError(f"the nats fan-out is {self.state}")
        return self._link

    async def _connect(self) -> Link:
        return await connect(
            self._servers,
            self._stream,
            self._take,
            keep_seconds=self._keep_seconds,
            after=self._last,
        )

    async def _keep(self, link: Link, receiver: Receiver) -> None:
        """Whenever the link ends, make another."""
        while True:
            reason = await asyncio.shield(link.ended)
            await self._let_go(reason)
            _log.warning("nats_lost", reason=str(reason))
            link = self._link = await self._reconnect()
            _log.info("nats_back")
            receiver.interrupted()

    async def _reconnect(self) -> Link:
        for delay in delays(FIRST_DELAY, LONGEST_DELAY, self._random):
            await asyncio.sleep(delay)
            try:
                return await self._connect()
            except FanoutError as error:
                _log.debug("nats_still_gone", reason=str(error))
        raise AssertionError("the delays have no end")

    async def _let_go(self, reason: FanoutError) -> None:
        link, self._link = self._link, None
        for echo in self._echoes.values():
            if not echo.done():
                echo.set_exception(reason)
        if link is not None:
            self._last = link.last
            await link.close(reason)

    def _take(self, data: bytes) -> None:
        try:
            envelope = decode(data)
        except MalformedError as error:
            _log.warning("nats_malformed", error=str(error))
            return
        if envelope.namespace == "":
            self._hear_echo(envelope)
        elif not self._wanted.isdisjoint(envelope.keys):
            if not self._arrived:
                # What else has arrived by now goes out together with it.
                asyncio.get_running_loop().call_soon(self._deliver)
            self._arrived.append(envelope)

    def _deliver(self) -> None:
        envelopes, self._arrived = self._arrived, []
        if self._receiver is not None:
            self._receiver.deliver(envelopes)

    def _hear_echo(self, envelope: Envelope) -> None:
        echo = self._echoes.get(envelope.sequence)
        if envelope.origin == self._id and echo is not None and not echo.done():
            echo.set_result(None)


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        _log.critical("nats_fanout_crashed", exc_info=error)
