"""What this gateway answers when another one asks, or its own application."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from chat_gateway.manager.acks import Round
from chat_gateway.manager.description import describe, shown
from chat_gateway.manager.encoding import encode_event
from chat_gateway.manager.manager import FanoutManager
from chat_gateway.manager.socket import Socket
from chat_gateway.manager.work import Work
from chatcluster.core.request import Question, Reply, Request
from chatcluster.runtime.logs import get_logger

PART = 200  # values of a long answer that are sent together

log = get_logger(__name__)

Give = Callable[[Reply], None]
Handler = Callable[..., Any]


class Answering:
    """Answers of the clients here and of the program's `handlers` (by namespace and event)."""

    def __init__(self, manager: FanoutManager) -> None:
        self.handlers: dict[tuple[str, str], Handler] = {}
        self._manager = manager
        self._work = Work()

    def answer(self, request: Request, reply: Give) -> None:
        """As the port has it: *reply* is called at once or later, and `last` comes once."""
        answers = {
            Question.SOCKETS: self._sockets,
            Question.ROOMS: self._rooms,
            Question.EMIT: self._emit,
            Question.SERVER: self._server,
        }
        try:
            answers[request.question](request, reply)
        except Exception:
            # Whoever asked must not wait for what cannot be answered.
            log.exception("answer_failed", question=request.question.name)
            reply(Reply())

    async def stop(self) -> None:
        """Handlers that still run are cancelled."""
        await self._work.stop()

    def _sockets(self, request: Request, reply: Give) -> None:
        environs = self._manager.server.environ
        _in_parts(
            (describe(one, environs.get(one.session.sid, {})) for one in self._chosen(request)),
            reply,
        )

    def _rooms(self, request: Request, reply: Give) -> None:
        _in_parts(iter(shown(self._manager.members.rooms(request.namespace))), reply)

    def _emit(self, request: Request, reply: Give) -> None:
        clients = list(self._chosen(request))
        reply(Reply(clients=len(clients), last=not clients))
        if not clients:
            return
        number = next(self._manager.calls.numbers)
        outgoing = encode_event(request.namespace, request.event, request.args, number)
        Round(number, lambda values, over: reply(Reply(values, last=over))).begin(
            clients, outgoing, request.timeout
        )
        self._manager.delivered += len(clients)

    def _server(self, request: Request, reply: Give) -> None:
        handler = self.handlers.get((request.namespace, request.event))
        if handler is None:
            reply(Reply())
        else:
            self._work.spawn(_handle(handler, request, reply))

    def _chosen(self, request: Request) -> Iterator[Socket]:
        members = self._manager.members
        chosen = members.select(request.namespace, request.rooms, request.exclude)
        return (socket for socket in chosen if socket.connected)


def _in_parts(values: Iterator[Any], reply: Give) -> None:
    part = tuple(islice(values, PART))
    while following := tuple(islice(values, PART)):
        reply(Reply(part, last=False))
        part = following
    reply(Reply(part))


async def _handle(handler: Handler, request: Request, reply: Give) -> None:
    """A handler that fails answers nothing, and nobody waits for it."""
    values: tuple[Any, ...] = ()
    try:
        async with asyncio.timeout(request.timeout):
            result = handler(*request.args)
            values = (await result if hasattr(result, "__await__") else result,)
    except Exception:
        log.exception("server_side_event_failed", event_name=request.event)
    finally:
        reply(Reply(values))
