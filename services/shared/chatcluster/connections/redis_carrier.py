"""Redis pub/sub that comes back: connections that stand or fall together.

Some publish and some subscribe. When one ends, all to its server are made anew, again and again
until `close`, and the subscriptions are restored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from typing import Any, Protocol

from structlog.stdlib import get_logger

from chatcluster.connections.ending import end
from chatcluster.connections.redis_link import Endpoint, Message
from chatcluster.connections.redis_pair import PLAIN, Links, Reader, Verbs, Wiring, Words
from chatcluster.connections.redis_target import Single, Target
from chatcluster.core.backoff import delays
from chatcluster.core.errors import FanoutError

FIRST_DELAY, LONGEST_DELAY = 0.05, 1.5  # seconds between attempts to connect
CONNECT_SECONDS = 3.0  # for one attempt
CHECK_SECONDS = 4.5

_log = get_logger(__name__)


class Listener(Protocol):
    """Who gets the messages. Both are called on the event loop and must neither wait nor raise."""

    def messages(self, messages: Sequence[Message]) -> None:
        """Messages arrived, in the server's order; some may be for channels that are not listened
        to any more."""

    def restored(self) -> None:
        """The subscriptions are in place again, after a time in which messages may have passed."""


class RedisCarrier:
    """Publishes to channels and listens to channels, for as long as it is open.

    *echo* is a channel of this carrier alone, for `check`; *verbs* say which kind of pub/sub is
    meant, and *reader* reads besides. All methods but `close` and `post` raise FanoutError while
    the server is not there.
    """

    def __init__(
        self,
        target: Endpoint | Target,
        echo: bytes,
        random: Callable[[], float],
        *,
        verbs: Verbs = PLAIN,
        reader: Reader | None = None,
    ) -> None:
        self._target = Single(target) if isinstance(target, Endpoint) else target
        self._wiring = Wiring(self._received, verbs, reader)
        self._echo = echo
        self._random = random
        self._channels: set[bytes] = {echo}
        self._echoes: dict[bytes, asyncio.Future[None]] = {}
        self._echoes_sent = 0
        self._listener: Listener | None = None
        self._links: Links | None = None
        self.connections = 0  # how often any were made: another server may be at their end
        self._keeper: asyncio.Task[None] | None = None

    @property
    def is_open(self) -> bool:
        return self._listener is not None

    @property
    def is_up(self) -> bool:
        return self._links is not None and self._links.up

    async def open(self, listener: Listener) -> None:
        """Return when messages can be published and heard; one attempt."""
        if self._listener is not None:
            raise FanoutError("already open")
        self._listener = listener
        try:
            links = await self._connect()
        except BaseException:
            await self.close()
            raise
        if self._listener is not listener:
            links.close(FanoutError("closed"))
            raise FanoutError("closed while it was being opened")
        self._keeper = asyncio.create_task(self._keep(links, listener), name="redis carrier")
        self._keeper.add_done_callback(_report)

    async def publish(self, messages: Iterable[Message]) -> None:
        """Return when the server has taken all of them, in this order and after those of earlier
        calls."""
        publish = self._wiring.verbs.publish
        await self.send([(publish, channel, payload) for channel, payload in messages])

    async def send(self, commands: Sequence[Words]) -> list[Any]:
        """The same for any commands that write to a channel or key; their answers."""
        links = self._working()
        return await links.post(commands) if commands else []

    def post(self, commands: Sequence[Words]) -> None:
        """Send without waiting, where it is known; nobody hears whether it was taken."""
        if commands:
            with suppress(FanoutError):
                self._working().post(commands).add_done_callback(_ignore_failure)

    async def query(self, words: Words) -> Any:
        """The answer to a command that reads a key."""
        return await self._working().query(words)

    async def count(self, channels: Sequence[bytes]) -> list[int]:
        """How many connections listen to each of *channels*, this carrier's own included."""
        return await self._working().count(channels)

    async def change(self, add: Collection[bytes], drop: Collection[bytes]) -> None:
        """Listen to the channels of *add* too, and no longer to those of *drop*; return when the
        server does so. What is wanted is remembered also when FanoutError is raised."""
        # Nothing is awaited between the change of what is wanted and the commands that tell the
        # server, here and where new connections are told all: so what the server hears, in the
        # order of its connection, always adds up to what is wanted.
        self._channels.difference_update(drop)
        self._channels.update(add)
        links = self._links
        if links is None:
            raise self._gone()
        await links.listen(add, drop)

    async def check(self) -> None:
        """Return when a message has come back through the server; waits `CHECK_SECONDS` at most."""
        if self._keeper is not None and self._keeper.done():
            raise FanoutError("nobody looks after the connections any more")
        self._echoes_sent += 1
        token = b"%d" % self._echoes_sent
        came_back = self._echoes[token] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                await self.publish([(self._echo, token)])
                await came_back
        except TimeoutError as error:
            raise FanoutError(f"nothing came back within {CHECK_SECONDS} s") from error
        finally:
            del self._echoes[token]

    async def close(self) -> None:
        """Let go of the server and of what was listened to; nothing is heard afterwards. May be
        called in any state."""
        keeper, self._keeper = self._keeper, None
        self._listener = None
        self._channels = {self._echo}
        closed = FanoutError("closed")
        if self._links is not None:
            self._links.close(closed)
            self._links = None
        self._fail_echoes(closed)
        if keeper is not None:
            await end([keeper])

    def _working(self) -> Links:
        if self._links is None:
            raise self._gone()
        return self._links

    def _gone(self) -> FanoutError:
        return FanoutError("not open" if self._listener is None else "Redis is gone")

    def _let_go(self, error: FanoutError) -> None:
        if self._links is not None:
            self._links.let_go(error)
        self._fail_echoes(error)

    def _fail_echoes(self, error: FanoutError) -> None:
        for echo in self._echoes.values():
            if not echo.done():
                echo.set_exception(error)

    def _received(self, messages: Sequence[Message]) -> None:
        if self._echoes:
            for channel, payload in messages:
                if channel == self._echo:
                    self._came_back(payload)
        if self._listener is not None:
            self._listener.messages(messages)

    def _came_back(self, token: bytes) -> None:
        echo = self._echoes.get(token)
        if echo is not None and not echo.done():
            echo.set_result(None)

    async def _connect(self) -> Links:
        """Connections that listen to all that is wanted."""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                links = self._links = await self._target.connect(self._wiring, self._links)
                await links.listen(self._channels, ())
                links.restored()
                self.connections += 1
                return links
        except TimeoutError as error:
            self._let_go(FanoutError("Redis does not answer"))
            raise FanoutError(f"no answer from Redis within {CONNECT_SECONDS} s") from error
        except FanoutError as error:
            self._let_go(error)
            raise

    async def _keep(self, links: Links, listener: Listener) -> None:
        """Whenever the connections end, make others."""
        while True:
            reason = await links.ended()
            _log.warning("redis_lost", reason=str(reason))
            self._let_go(reason)
            links = await self._reconnect()
            _log.info("redis_back")
            listener.restored()

    async def _reconnect(self) -> Links:
        for delay in delays(FIRST_DELAY, LONGEST_DELAY, self._random):
            await asyncio.sleep(delay)
            try:
                return await self._connect()
            except FanoutError as error:
                _log.debug("redis_still_gone", reason=str(error))
        raise AssertionError("the delays have no end")


def _ignore_failure(taken: asyncio.Future[list[Any]]) -> None:
    if not taken.cancelled():
        taken.exception()


def _report(keeper: asyncio.Task[None]) -> None:
    if not keeper.cancelled() and (error := keeper.exception()):
        _log.critical("redis_carrier_crashed", exc_info=error)
