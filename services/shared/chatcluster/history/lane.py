"""Many small requests over one connection to Redis."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from chatcluster.connections.ending import end
from chatcluster.connections.redis import Redis, RedisError
from chatcluster.connections.redis_exchange import Command, Exchange, ReplyError
from chatcluster.core.errors import HistoryError
from chatcluster.history.script import Script

ANSWER_SECONDS = 5.0
_BATCH = 64  # requests: enough to make the round trip cheap, few enough to be answered soon


@asynccontextmanager
async def answering() -> AsyncIterator[None]:
    """Bounds what is done inside by ANSWER_SECONDS; what Redis does wrong becomes HistoryError."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            yield
    except (RedisError, OSError) as error:
        raise HistoryError(f"Redis does not answer ({type(error).__name__})") from error


async def exchange(redis: Redis, commands: Sequence[Command]) -> list[Any]:
    """The replies to *commands*, in one round trip; that to a refused command is its error."""
    pipeline = redis.pipeline(transaction=False)
    for command in commands:
        pipeline.execute_command(*command)
    return await pipeline.execute(raise_on_error=False)


@dataclass(eq=False, slots=True)
class _Request:
    command: Command
    script: Script | None
    answer: asyncio.Future[Any]
    read: Callable[[Any], Any] | None

    def settle(self, reply: Any) -> None:
        if self.answer.done():  # its caller was cancelled
            return
        if isinstance(reply, ReplyError):
            self.fail(f"Redis refused: {reply}", reply)
        else:
            self.answer.set_result(reply if self.read is None else self.read(reply))

    def fail(self, message: str, cause: BaseException | None) -> None:
        # An error for each request: one that is raised at several places collects their tracebacks.
        error = HistoryError(message)
        error.__cause__ = cause
        if not self.answer.done():
            self.answer.set_exception(error)


class Lane:
    """Sends what is asked for at about the same time together, in the order in which it was asked.

    While one batch is under way the next one gathers: a single request goes out at once, and under
    load a round trip serves up to 64. It also bounds the connections: one command per connection
    would need as many as there are clients. When a batch is not answered, whoever waits for the
    next one fails with it, so nobody waits for two.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._link = exchange
        self._waiting: deque[_Request] = deque()
        self._sending: asyncio.Task[None] | None = None
        self._closed = False
        self._connection = 0
        self._loaded: set[str] = set()  # scripts that the server at its end knows

    def run(
        self,
        script: Script,
        keys: Sequence[bytes],
        args: Command,
        read: Callable[[Any], Any] | None = None,
    ) -> asyncio.Future[Any]:
        """What *script* returns, or what *read* makes of that. Raises HistoryError."""
        return self._ask(("EVALSHA", script.sha, len(keys), *keys, *args), script, read)

    def command(self, *command: bytes | str | int | float) -> asyncio.Future[Any]:
        """The reply to one command. Raises HistoryError."""
        return self._ask(command, None)

    async def close(self) -> None:
        """Fail whatever was not answered yet."""
        self._closed = True
        if self._sending is not None:
            await end([self._sending])
        self._link.close()
        self._fail([], "the room log is closed", None)  # what it had no time to begin with

    def _ask(
        self, command: Command, script: Script | None, read: Callable[[Any], Any] | None = None
    ) -> asyncio.Future[Any]:
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if self._closed:
            answer.set_exception(HistoryError("the room log is closed"))
            answer.exception()  # nobody may be waiting, which is no mistake
            return answer
        self._waiting.append(_Request(command, script, answer, read))
        if self._sending is None:
            self._sending = asyncio.create_task(self._send())
        return answer

    async def _send(self) -> None:
        batch: list[_Request] = []
        try:
            while batch := self._take():
                async with answering():
                    await self._serve(batch)
        except HistoryError as error:
            self._fail(batch, str(error), error.__cause__)
        except BaseException as error:
            # Closed, or a defect of ours: even then nobody may wait for ever.
            self._fail(batch, "the room log has stopped", error)
            raise
        finally:
            self._sending = None

    def _take(self) -> list[_Request]:
        batch: list[_Request] = []
        while self._waiting and len(batch) < _BATCH:
            request = self._waiting.popleft()
            if not request.answer.done():
                batch.append(request)
        return batch

    async def _serve(self, batch: list[_Request]) -> None:
        unknown = []
        for request, reply in zip(batch, await self._exchange(batch), strict=True):
            if isinstance(reply, ReplyError) and str(reply).startswith("NOSCRIPT"):
                unknown.append(request)
            else:
                request.settle(reply)
        if unknown:
            # A server that was restarted or flushed has forgotten the scripts.
            scripts = {request.script for request in unknown if request.script is not None}
            await self._link.send([("SCRIPT", "LOAD", script.text) for script in scripts])
            for request, reply in zip(unknown, await self._exchange(unknown), strict=True):
                request.settle(reply)

    async def _exchange(self, batch: list[_Request]) -> list[Any]:
        connection = await self._link.connect()
        if connection != self._connection:
            self._connection, self._loaded = connection, set()
        # Loaded before anything needs them: another gateway may load one while a batch of ours is
        # carried out, and then the first of it would be refused, and come after the others.
        scripts = {one.script for one in batch if one.script is not None}
        new = [script for script in scripts if script.sha not in self._loaded]
        self._loaded.update(script.sha for script in new)
        loads: list[Command] = [("SCRIPT", "LOAD", script.text) for script in new]
        replies = await self._link.send([*loads, *(request.command for request in batch)])
        return replies[len(loads) :]

    def _fail(self, batch: list[_Request], message: str, cause: BaseException | None) -> None:
        for request in (*batch, *self._waiting):
            request.fail(message, cause)
        self._waiting.clear()
