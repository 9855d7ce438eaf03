"""Acknowledgements of single clients, wherever they are connected."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

from chat_gateway.manager.acks import Awaited, Callback
from chat_gateway.manager.encoding import encode_event
from chat_gateway.manager.membership import Membership
from chat_gateway.manager.socket import Pending, Socket
from chat_gateway.manager.work import Work
from chatcluster.core.request import Question, Request
from chatcluster.fanout.port import Answers, Fanout

CALLBACK_SECONDS = 60.0  # that a client of another gateway has, as in python-socketio's `call`


class Calls:
    """Events to one client that acknowledges them.

    An acknowledgement from another gateway is only its first argument: other Socket.IO software
    brings no more.
    """

    def __init__(self, members: Membership, fanout: Fanout) -> None:
        self.numbers = count(1)  # of acknowledgements
        self._members = members
        self._fanout = fanout
        self._work = Work()

    async def with_callback(
        self, namespace: str, sid: str, message: Sequence[Any], callback: Callable[..., Any]
    ) -> None:
        """Return when the event is on its way. Raises FanoutError."""
        socket = self._here(namespace, sid)
        if socket is not None:
            self._send(socket, message, Callback(callback))
            return
        answers = await self._ask(namespace, sid, message, CALLBACK_SECONDS)
        self._work.spawn(_pass_on(answers, callback))

    async def call(
        self, namespace: str, sid: str, message: Sequence[Any], timeout: float
    ) -> Sequence[Any] | None:
        """The acknowledgement's arguments; None if none will come, or came in time. Raises
        FanoutError.
        """
        socket = self._here(namespace, sid)
        if socket is None:
            return await _first(await self._ask(namespace, sid, message, timeout))
        pending = Awaited()
        number = self._send(socket, message, pending)
        try:
            async with asyncio.timeout(timeout):
                return await pending.data
        except TimeoutError:
            return None
        finally:
            socket.forget(number)

    async def stop(self) -> None:
        await self._work.stop()

    def _here(self, namespace: str, sid: str) -> Socket | None:
        socket = self._members.sockets.get(sid)
        if socket is None or not socket.connected or socket.namespace != namespace:
            return None
        return socket

    def _send(self, socket: Socket, message: Sequence[Any], pending: Pending) -> int:
        number = next(self.numbers)
        outgoing = encode_event(socket.namespace, message[0], message[1:], number)
        socket.expect(number, pending)
        socket.session.send(outgoing)
        return number

    async def _ask(
        self, namespace: str, sid: str, message: Sequence[Any], timeout: float
    ) -> Answers:
        request = Request(
            Question.EMIT,
            namespace,
            rooms=(sid,),
            event=message[0],
            args=tuple(message[1:]),
            timeout=timeout,
        )
        return await self._fanout.ask(request, timeout)


async def _first(answers: Answers) -> Sequence[Any] | None:
    async for reply in answers:
        if reply.values:
            return reply.values[:1]
    return None


async def _pass_on(answers: Answers, callback: Callable[..., Any]) -> None:
    data = await _first(answers)
    if data is not None:
        result = callback(*data)
        if hasattr(result, "__await__"):
            await result
