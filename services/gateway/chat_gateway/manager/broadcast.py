"""Clients of all gateways that something is done to, or asked of."""

from __future__ import annotations

from typing import Any

from chat_gateway.manager.answers import Answered, Rooms, Sockets
from chat_gateway.manager.asker import Asker
from chat_gateway.manager.description import RemoteSocket
from chat_gateway.manager.manager import FanoutManager
from chatcluster.core.envelope import Action
from chatcluster.core.errors import MalformedError
from chatcluster.core.request import Question, Reply, Request
from chatcluster.runtime.logs import get_logger

TIMEOUT = 5.0  # seconds, as in Node's adapters

log = get_logger(__name__)


class Broadcast:
    """The clients of a namespace that are in any of some rooms (none: all) and in none of others.

    As in Socket.IO, every client is in a room that is called like its id. All methods raise
    FanoutError when the carrier did not take what they send.
    """

    def __init__(
        self,
        manager: FanoutManager,
        asker: Asker,
        namespace: str,
        *,
        rooms: tuple[str, ...] = (),
        exclude: tuple[str, ...] = (),
    ) -> None:
        self._manager = manager
        self._asker = asker
        self._namespace = namespace
        self._rooms = rooms
        self._exclude = exclude

    def to(self, *rooms: str) -> Broadcast:
        """Those in any of *rooms* too."""
        return self._narrowed((*self._rooms, *rooms), self._exclude)

    def except_(self, *rooms: str) -> Broadcast:
        """But none in any of *rooms*."""
        return self._narrowed(self._rooms, (*self._exclude, *rooms))

    async def emit(self, event: str, *args: Any) -> None:
        await self._do(Action.EMIT, event=event, args=args)

    async def emit_with_ack(self, event: str, *args: Any, timeout: float = TIMEOUT) -> Answered:
        """Clients have *timeout* seconds to acknowledge; whoever leaves is not waited for."""
        request = self._request(Question.EMIT, event, args, timeout)
        replies, missing = await self._asker.ask_all(request)
        answers = _values(replies)
        clients = sum(reply.clients or 0 for reply in replies)
        return Answered(answers, max(0, clients - len(answers)), missing)

    async def fetch_sockets(self, timeout: float = TIMEOUT) -> Sockets:
        replies, missing = await self._asker.ask_all(
            self._request(Question.SOCKETS, timeout=timeout)
        )
        return Sockets(_sockets(_values(replies)), missing)

    async def sockets_join(self, *rooms: str) -> None:
        await self._do(Action.JOIN, into=rooms)

    async def sockets_leave(self, *rooms: str) -> None:
        await self._do(Action.LEAVE, into=rooms)

    async def disconnect_sockets(self, *, close: bool = False) -> None:
        """From the namespace or, with *close*, from all: their connections are closed."""
        await self._do(Action.DISCONNECT, close=close)

    async def _do(self, action: Action, **fields: Any) -> None:
        envelope = self._manager.envelope(
            self._namespace, action, rooms=self._rooms, exclude=self._exclude, **fields
        )
        await self._manager.publish(envelope)

    def _request(
        self, question: Question, event: str = "", args: tuple[Any, ...] = (), timeout: float = 0.0
    ) -> Request:
        return Request(
            question,
            self._namespace,
            rooms=self._rooms,
            exclude=self._exclude,
            event=event,
            args=args,
            timeout=timeout,
        )

    def _narrowed(self, rooms: tuple[str, ...], exclude: tuple[str, ...]) -> Broadcast:
        return Broadcast(self._manager, self._asker, self._namespace, rooms=rooms, exclude=exclude)


class Namespace(Broadcast):
    """All clients of a namespace, on all gateways, and the programs that serve it."""

    async def all_rooms(self, timeout: float = TIMEOUT) -> Rooms:
        """Every room with clients; clients' own rooms are among them."""
        replies, missing = await self._asker.ask_all(self._request(Question.ROOMS, timeout=timeout))
        return Rooms(_values(replies), missing)

    async def server_side_emit(self, event: str, *args: Any) -> None:
        """To the handlers of the other gateways, not to this one's."""
        request = Request(Question.SERVER, self._namespace, event=event, args=args, answered=False)
        await self._asker.ask_others(request)

    async def server_side_emit_with_ack(
        self, event: str, *args: Any, timeout: float = TIMEOUT
    ) -> Answered:
        """What the other gateways' handlers returned; a gateway without one, or whose handler
        failed, answers nothing and is not missing.
        """
        request = self._request(Question.SERVER, event, args, timeout)
        replies, missing = await self._asker.ask_others(request)
        return Answered(_values(replies), 0, missing)


def _values(replies: list[Reply]) -> list[Any]:
    return [value for reply in replies for value in reply.values]


def _sockets(descriptions: list[Any]) -> list[RemoteSocket]:
    sockets = []
    for description in descriptions:
        try:
            sockets.append(RemoteSocket.read(description))
        except MalformedError as error:
            log.warning("description_malformed", error=str(error))
    return sockets
