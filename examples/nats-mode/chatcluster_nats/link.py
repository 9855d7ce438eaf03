"""One connection to NATS. What is published goes into a stream and comes back in its order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, StreamInfo
from nats.js.errors import NotFoundError

from chatcluster.core.errors import FanoutError

CONNECT_SECONDS = 4.0
BEAT_SECONDS = 1.0
SILENT_SECONDS = 3.0  # without a beat: the server has fallen silent, or forgot us
CLOSE_SECONDS = 1.0  # that closing waits for a server that does not take what is left to send

Take = Callable[[bytes], None]


class Link:
    """Ends once and for all when the connection does; `ended` is the reason then.

    *take* gets what is published, in the stream's order; `last` is how far that is, as a number of
    the stream.
    """

    def __init__(self, stream: str, take: Take) -> None:
        self.ended: asyncio.Future[FanoutError] = asyncio.get_running_loop().create_future()
        self.last = 0
        self._name = stream
        self._take = take
        self._client = Client()
        self._stream: JetStreamContext = self._client.jetstream()
        self._sending = asyncio.Lock()
        self._heard = 0.0

    async def open(self, servers: Sequence[str], keep_seconds: float, after: int | None) -> None:
        """Return when everything that is published from now on will be taken, and everything behind
        the number *after*. Raises FanoutError.
        """
        with _told():
            async with asyncio.timeout(CONNECT_SECONDS):
                await self._connect(servers)
                end = (await self._made(keep_seconds)).state.last_seq
                # A stream that is behind us was lost and made anew, or put back from a copy.
                self.last = end if after is None or after > end else after
                await self._follow()

    async def publish(self, messages: Sequence[bytes]) -> None:
        """Return when they are stored, in this order. Raises FanoutError."""
        storing = asyncio.create_task(self._store(messages))
        try:
            either: list[asyncio.Future[Any]] = [storing, self.ended]
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not storing.done():
                raise self.ended.result()
            with _told():
                storing.result()
        finally:
            storing.cancel()

    async def close(self, reason: FanoutError) -> None:
        self._end(reason)
        with suppress(NatsError, OSError, TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._client.close()

    async def _connect(self, servers: Sequence[str]) -> None:
        await self._client.connect(
            list(servers),
            # Whoever made this link makes another, so each server is tried now or not at all.
            allow_reconnect=False,
            max_reconnect_attempts=1,
            reconnect_time_wait=0,
            closed_cb=self._closed,
            error_cb=_ignore,
        )

    async def _made(self, keep_seconds: float) -> StreamInfo:
        """The stream, as whoever runs NATS made it, or else as we do."""
        try:
            return await self._stream.stream_info(self._name)
        except NotFoundError:
            return await self._stream.add_stream(
                name=self._name, subjects=[self._name], max_age=keep_seconds
            )

    async def _follow(self) -> None:
        inbox = self._client.new_inbox()
        await self._client.subscribe(
            inbox,
            cb=self._hear,
            # No limits: the client library would silently drop what is beyond.
            pending_msgs_limit=0,
            pending_bytes_limit=0,
        )
        config = ConsumerConfig(
            deliver_subject=inbox,
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=self.last + 1,
            ack_policy=AckPolicy.NONE,
            idle_heartbeat=BEAT_SECONDS,
        )
        await self._stream.add_consumer(self._name, config)
        self._heard = asyncio.get_running_loop().time()
        self._look()

    async def _store(self, messages: Sequence[bytes]) -> None:
        async with self._sending:  # acknowledgements may cross; messages must not
            acks = [await self._stream.publish_async(self._name, one) for one in messages]
        await asyncio.gather(*acks)

    async def _hear(self, message: Msg) -> None:
        self._heard = asyncio.get_running_loop().time()
        if not (message.headers and "Status" in message.headers) and not self.ended.done():
            self.last = message.metadata.sequence.stream
            self._take(message.data)

    def _look(self) -> None:
        """Is anybody there? Asked as long as the link lasts."""
        loop = asyncio.get_running_loop()
        if loop.time() - self._heard > SILENT_SECONDS:
            self._end(FanoutError(f"NATS said nothing for {SILENT_SECONDS} s"))
        elif not self.ended.done():
            loop.call_later(BEAT_SECONDS / 2, self._look)

    async def _closed(self) -> None:
        self._end(FanoutError(f"NATS is gone: {self._client.last_error or 'it closed'}"))

    def _end(self, reason: FanoutError) -> None:
        if not self.ended.done():
            self.ended.set_result(reason)


async def connect(
    servers: Sequence[str], stream: str, take: Take, *, keep_seconds: float, after: int | None
) -> Link:
    """An open link. Raises FanoutError."""
    link = Link(stream, take)
    try:
        await link.open(servers, keep_seconds, after)
    except BaseException:
        await link.close(FanoutError("it was not opened"))
        raise
    return link


@contextmanager
def _told() -> Iterator[None]:
    """What the client library raises becomes a FanoutError."""
    try:
        yield
    except (NatsError, OSError, TimeoutError) as error:
        raise FanoutError(f"NATS: {error or type(error).__name__}") from error


async def _ignore(error: Exception) -> None:
    """The link's end says it."""
