"""The namespaces `/room` and `/messages/<room>` (docs/protocol.md)."""

from __future__ import annotations

import asyncio
from typing import Any

from chat_gateway.access.identity import Right
from chat_gateway.chat import domain
from chat_gateway.chat.audience import ROOMS, room_of
from chat_gateway.chat.domain import HISTORY_LIMIT, Limits
from chat_gateway.chat.events import EventHandler
from chat_gateway.chat.service import ChatService
from chat_gateway.manager.encoding import encode_event
from chat_gateway.manager.membership import Socket
from chat_gateway.sockets.caught_up import caught_up
from chatcluster.core import codes
from chatcluster.core.errors import HistoryError, Refused
from chatcluster.core.position import Position
from chatcluster.runtime.logs import get_logger

RETRY_SECONDS = 1.0

log = get_logger(__name__)


class RoomList:
    """`/room`: create, remove and list rooms. *guarded*: each client sees only what it may know
    of.
    """

    def __init__(self, service: ChatService, limits: Limits, *, guarded: bool = False) -> None:
        self._service = service
        self._limits = limits
        self._guarded = guarded
        self._changed = asyncio.Event()
        self.handlers: dict[str, EventHandler] = {
            "create": self._create,
            "remove": self._remove,
            "list": self._list,
        }

    def changed(self) -> None:
        """A room was created or removed somewhere."""
        self._changed.set()

    async def keep_telling(self) -> None:
        """Send the list to everybody in `/room` after every change, for ever."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            if not self._service.manager.members.room(ROOMS, ""):
                continue
            try:
                rooms = await self._service.room_list()
            except HistoryError as error:
                log.warning("room_list_waits", error=str(error))
                self._changed.set()
                await asyncio.sleep(RETRY_SECONDS)
                continue
            if self._guarded:
                members = self._service.manager.members
                for socket in members.select(ROOMS, (), ()):
                    self._send(socket, rooms)
            else:
                self._service.manager.emit_here(ROOMS, encode_event(ROOMS, "item", (rooms,)))

    async def tell(self, socket: Socket) -> None:
        """Send the list, as far as the client may know it, to one client. Raises HistoryError."""
        self._send(socket, await self._service.room_list())

    def _send(self, socket: Socket, rooms: list[dict[str, Any]]) -> int:
        rights = self._service.rights
        seen = [room for room in rooms if rights.may_know(socket.sid, room["name"])]
        socket.session.send(encode_event(ROOMS, "item", (seen,)))
        self._service.manager.delivered += 1
        return len(seen)

    async def connect(self, sid: str, *_: Any) -> None:
        """Raises Refused for whom is banned."""
        self._service.rights.must_be_welcome(sid)

    async def _create(self, sid: str, args: tuple[Any, ...]) -> dict[str, Any]:
        name = self._name(args, "create")
        self._service.rights.must(sid, Right.CREATE, name)
        record = await self._service.create_room(name)
        return {"name": record.name, "created": record.created}

    async def _remove(self, sid: str, args: tuple[Any, ...]) -> dict[str, Any]:
        name = self._name(args, "remove")
        self._service.rights.must(sid, Right.REMOVE, name)
        await self._service.remove_room(name)
        return {"name": name}

    async def _list(self, sid: str, args: tuple[Any, ...]) -> dict[str, Any]:
        rooms = await self._service.room_list()
        socket = self._service.manager.members.sockets.get(sid)
        return {"count": 0 if socket is None else self._send(socket, rooms)}

    def _name(self, args: tuple[Any, ...], event: str) -> str:
        if len(args) != 1:
            raise Refused(codes.INVALID, f"{event}: the room's name is expected as argument")
        return domain.name(args[0], "name", self._limits)


class RoomMessages:
    """`/messages/<room>`: one room's messages, for those who connect to it."""

    def __init__(self, service: ChatService, limits: Limits) -> None:
        self._service = service
        self._limits = limits

    async def connect(self, namespace: str, sid: str) -> None:
        """Return when the room's messages come here. Raises Refused unless there is such a room,
        and the client may read it.
        """
        room = domain.name(room_of(namespace), "room", self._limits)
        self._service.rights.must(sid, Right.READ, room)
        await self._service.exists(room)
        audience = self._service.audience
        audience.hold(room)
        try:
            await audience.subscribed(room)
            if self._service.feeds is not None:
                await self._service.feeds.started(room)
            self._service.rights.must(sid, Right.READ, room)  # it may have been taken meanwhile
        finally:
            # The client becomes a member, and holds the room itself, before the loop comes to this.
            asyncio.get_running_loop().call_soon(audience.release, room)

    def connected(self, socket: Socket) -> None:
        """The client gets what is newer than this moment."""
        if self._service.feeds is not None:
            self._service.feeds.entered(room_of(socket.namespace).strip(), socket.sid)

    def disconnected(self, namespace: str, sid: str) -> None:
        if self._service.feeds is not None:
            self._service.feeds.left(room_of(namespace).strip(), sid)

    def handlers(self, namespace: str) -> dict[str, EventHandler]:
        room = room_of(namespace).strip()

        async def create(sid: str, args: tuple[Any, ...]) -> dict[str, Any]:
            fields = domain.fields_of(args, "create")
            self._service.rights.must(sid, Right.WRITE, room)
            nick = self._service.rights.name(sid) or domain.nickname(
                fields.get("from"), self._limits, "from"
            )
            to = domain.optional_name(fields.get("to"), "to", self._limits)
            text = domain.text(fields.get("message"), self._limits)
            key = domain.key(fields.get("key"))
            user = self._service.rights.user(sid)
            id, created = await self._service.post(room, nick, text, to=to, key=key, user=user)
            return {"id": id, "created": created}

        async def list_(sid: str, args: tuple[Any, ...]) -> dict[str, Any]:
            return {"count": await self._send_all(namespace, room, sid)}

        return {"create": create, "list": list_}

    async def _send_all(self, namespace: str, room: str, sid: str) -> int:
        """The stored messages, oldest first."""
        pages: list[list[tuple[str, domain.Message]]] = []
        before: Position | None = None
        complete = False
        while not complete:
            page, complete = await self._service.read(room, before, HISTORY_LIMIT)
            if not page:
                break
            pages.insert(0, page)
            before = Position.parse(page[0][0])
        socket = self._service.manager.members.sockets.get(sid)
        if socket is None:  # disconnected meanwhile
            return 0
        for page in pages:
            await caught_up(socket.session)  # or a long history would make any client a slow one
            for id, message in page:
                socket.session.send(encode_event(namespace, "item", (message.as_item(id),)))
        return sum(map(len, pages))
