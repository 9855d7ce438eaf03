"""One connection to Redis, for pub/sub at the speed of the socket.

Replies are handed over as they arrive, all that one read of the socket brought at once: no task, no
queue and no wait per message. That is what a client library built around one command and one answer
at a time cannot do.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import hiredis

from chatcluster.core.errors import FanoutError

Message = tuple[bytes, bytes]  # channel, payload

SILENT_LOOKS = 3


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a server listens, and what it wants to hear first."""

    host: str
    port: int
    path: str  # of a Unix socket, instead of host and port
    tls: ssl.SSLContext | None
    credentials: tuple[str, ...]  # the arguments of AUTH, or nothing


def command(*words: bytes) -> bytes:
    """A command as the server reads it (Redis serialization protocol, "RESP arrays")."""
    packed: bytes = hiredis.pack_command(words)  # type: ignore[arg-type] # its stub allows one word
    return packed


class RefusedError(FanoutError):
    """The server answered with an error; `code` is its first word. `replies` are all answers to
    what was asked together, errors among them, or none if they are not known.
    """

    def __init__(self, reply: hiredis.ReplyError) -> None:
        super().__init__(f"Redis refused: {reply}")
        self.code = str(reply).partition(" ")[0]
        self.replies: list[Any] = []


class RedisLink(asyncio.Protocol):
    """A connection on which answers come in the order of the questions, and messages between them.

    Without *on_messages* nothing is subscribed to on it, and everything that comes is an answer.
    *on_left* is called with a channel that the server says is not subscribed to any more.

    It ends once (`ended`), for whatever reason, and then stays so: whatever still waits for an
    answer gets FanoutError.
    """

    def __init__(
        self,
        on_messages: Callable[[Sequence[Message]], None] | None = None,
        on_left: Callable[[bytes], None] | None = None,
    ) -> None:
        loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[FanoutError] = loop.create_future()
        self._loop = loop
        self._on_messages = on_messages
        self._on_left = on_left
        self._reader = hiredis.Reader()
        self._transport: asyncio.Transport | None = None
        self._unsent: list[bytes] = []
        self._questions: deque[_Question] = deque()
        self._heard = False  # something arrived since the last look
        self._silent_looks = 0

    async def greet(self, credentials: Sequence[str]) -> None:
        """Authenticate, and return when the server serves. Raises FanoutError if it refuses, or is
        still loading its data."""
        if credentials:
            await self.ask([command(b"AUTH", *(word.encode() for word in credentials))], 1)
        await self.ask([command(b"PING")], 1)

    def ask(self, commands: Iterable[bytes], answers: int) -> asyncio.Future[list[Any]]:
        """Send *commands*, which together have this many answers; the future has all of them.

        It fails with RefusedError if one of the answers is an error, and with FanoutError if the
        connection ends first. What is asked within one turn of the event loop leaves in one write.
        """
        question = _Question(self._loop.create_future(), answers)
        if self.ended.done():
            question.future.set_exception(self.ended.result())
            return question.future
        self._questions.append(question)
        self.tell(commands)
        return question.future

    def exchange(self, commands: Sequence[bytes]) -> asyncio.Future[list[Any]]:
        """The same for commands that have one answer each; those that are errors are among them."""
        asked = self.ask(commands, len(commands))
        if self._questions:
            self._questions[-1].tolerant = True
        return asked

    def tell(self, commands: Iterable[bytes]) -> None:
        """Send *commands* that have no answer of their own: (un)subscribing is confirmed by what is
        asked next, because the server answers in order."""
        if not self._unsent:
            self._loop.call_soon(self._flush)
        self._unsent.extend(commands)

    def look(self) -> None:
        """Ask for a sign of life, and end the connection when `SILENT_LOOKS` in a row saw none.

        Looks are counted, and not seconds, so that a program that was itself held up does not blame
        the server; anything that arrives is a sign of life, so a busy connection is not ended.
        """
        self._silent_looks = 0 if self._heard else self._silent_looks + 1
        self._heard = False
        if self._silent_looks >= SILENT_LOOKS:
            self.close(FanoutError("Redis fell silent"))
        else:
            self.ask([command(b"PING")], 1)

    def close(self, reason: FanoutError) -> None:
        """End the connection at once; no message is handed over afterwards."""
        if self.ended.done():
            return
        self.ended.set_result(reason)
        if self._transport is not None:
            self._transport.abort()
        for question in self._questions:
            question.fail(reason)
        self._questions.clear()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have the interface of asyncio.Transport without being instances of it.
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.close(_because("Redis closed the connection", exc))

    def data_received(self, data: bytes) -> None:
        if self.ended.done():
            return
        self._heard = True
        messages: list[Message] = []
        subscribed = self._on_messages is not None
        gets = self._reader.gets
        try:
            self._reader.feed(data)
            while (reply := gets()) is not False:
                if subscribed and type(reply) is list and reply[0] == b"message":
                    messages.append((reply[1], reply[2]))  # as `_sort` would
                else:
                    self._sort(reply, messages)
        except hiredis.ProtocolError as error:
            self.close(_because("the server does not speak the Redis protocol", error))
        if messages and self._on_messages is not None and not self.ended.done():
            self._on_messages(messages)

    def _sort(self, reply: Any, messages: list[Message]) -> None:
        """Where there are subscriptions, lists are what they bring, anything else is an answer, and
        so is a list for PING (Redis documentation, "Pub/sub", "Wire protocol")."""
        if type(reply) is not list or self._on_messages is None:
            self._answered(reply)
        elif (kind := reply[0]) in (b"message", b"smessage"):
            messages.append((reply[1], reply[2]))
        elif kind == b"pong":
            self._answered(reply)
        elif kind == b"sunsubscribe" and self._on_left is not None:
            self._on_left(reply[1])

    def _answered(self, reply: Any) -> None:
        if not self._questions:
            self.close(FanoutError(f"Redis said unasked: {reply!r}"[:200]))
            return
        question = self._questions[0]
        if isinstance(reply, hiredis.ReplyError) and not question.tolerant:
            question.error = RefusedError(reply)
        question.replies.append(reply)
        if len(question.replies) == question.answers:
            self._questions.popleft()
            question.finish()

    def _flush(self) -> None:
        if self._transport is not None and not self.ended.done():
            self._transport.write(b"".join(self._unsent))
        self._unsent.clear()


async def connect_link(
    endpoint: Endpoint,
    on_messages: Callable[[Sequence[Message]], None] | None = None,
    on_left: Callable[[bytes], None] | None = None,
) -> RedisLink:
    """A connection to a server that serves. Raises FanoutError, but waits for ever if nobody
    answers."""
    loop = asyncio.get_running_loop()
    link = RedisLink(on_messages, on_left)
    try:
        if endpoint.path:
            await loop.create_unix_connection(lambda: link, endpoint.path)
        else:
            await loop.create_connection(
                lambda: link, endpoint.host, endpoint.port, ssl=endpoint.tls
            )
        await link.greet(endpoint.credentials)
    except OSError as error:  # ssl.SSLError is one too
        raise _because("no connection to Redis", error) from error
    except BaseException:
        link.close(FanoutError("not wanted any more"))
        raise
    return link


def _because(what: str, error: Exception | None) -> FanoutError:
    fault = FanoutError(what if error is None else f"{what}: {error}")
    fault.__cause__ = error
    return fault


class _Question:
    """Who waits for how many answers."""

    __slots__ = ("answers", "error", "future", "replies", "tolerant")

    def __init__(self, future: asyncio.Future[list[Any]], answers: int) -> None:
        self.future = future
        self.answers = answers
        self.replies: list[Any] = []
        self.error: RefusedError | None = None
        self.tolerant = False  # of answers that are errors

    def finish(self) -> None:
        if self.error is not None:
            self.error.replies = self.replies
            self.fail(self.error)
        elif not self.future.done():  # else whoever asked was cancelled
            self.future.set_result(self.replies)

    def fail(self, error: FanoutError) -> None:
        if not self.future.done():
            self.future.set_exception(error)
            self.future.exception()  # nobody may be waiting any more, which is no mistake
