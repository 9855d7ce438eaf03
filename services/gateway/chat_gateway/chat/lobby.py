"""The namespace `/`: the chat (docs/protocol.md)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from chat_gateway.access.identity import Right
from chat_gateway.chat import domain
from chat_gateway.chat.audience import LOBBY_ROOM
from chat_gateway.chat.clients import Client
from chat_gateway.chat.domain import LOBBY, Limits
from chat_gateway.chat.events import EventHandler
from chat_gateway.chat.joining import Joining, shown
from chat_gateway.chat.presence import Presence
from chat_gateway.chat.service import ChatService
from chat_gateway.manager.answer import Answer
from chat_gateway.manager.prompt import PromptEvent
from chat_gateway.manager.socket import Socket
from chatcluster.chat.message import CHAT
from chatcluster.core import codes
from chatcluster.core.envelope import Action
from chatcluster.core.errors import Refused
from chatcluster.core.ids import short_id
from chatcluster.core.position import Position

TYPING = "typing"


class Lobby:
    """One handler per event; `clients` by socket id."""

    def __init__(
        self,
        service: ChatService,
        presence: Presence,
        joining: Joining | None,
        *,
        limits: Limits,
        rooms_per_client: int,
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self.clients: dict[str, Client] = {}
        self._service = service
        self._presence = presence
        self._joining = joining
        self._limits = limits
        self._most_rooms = rooms_per_client
        self._random_bytes = random_bytes
        self.handlers: dict[str, EventHandler] = {
            "chat message": self._chat_message,
            "join": self._join,
            "leave": self._leave,
            "typing": self._typing,
            "presence": self._who,
            "history": self._history,
        }
        self.prompt_handlers: dict[str, PromptEvent] = {"chat message": self._say}

    def connect(self, sid: str, auth: Mapping[str, Any]) -> None:
        """Raises Refused for who is banned, and for a nickname that may not be."""
        rights = self._service.rights
        rights.must_be_welcome(sid)
        name = rights.name(sid)
        self.clients[sid] = Client(
            id=short_id(self._random_bytes),
            nickname=name or domain.nickname(auth.get("nickname"), self._limits),
            waits=auth.get("lobby") == "join" or bool(rights.refusal(sid, Right.READ, LOBBY)),
            named=bool(name),
        )

    def connected(self, socket: Socket) -> None:
        client = self.clients[socket.sid]
        if not client.waits:
            self._service.manager.members.enter(socket, LOBBY_ROOM)
            if self._service.feeds is not None:
                client.lobby_from = self._service.feeds.position(LOBBY)
                self._service.feeds.entered(LOBBY, socket.sid)

    def disconnected(self, sid: str) -> None:
        client = self.clients.pop(sid, None)
        if client is None:
            return
        for room in client.rooms:
            self._presence.left(room, client.id)
        if self._service.feeds is not None:
            for room in {LOBBY, *client.rooms}:
                self._service.feeds.left(room, sid)

    def closed(self, room: str) -> None:
        """The room was removed: nobody is in it any more."""
        for client in self.clients.values():
            if room in client.rooms:
                client.rooms -= {room}
                self._presence.left(room, client.id)

    def _say(self, sid: str, args: tuple[Any, ...], answer: Answer) -> bool:
        """A `chat message` as far as that can be done without waiting."""
        client = self.clients[sid]
        room, nick, text, key, user = self._message(sid, client, args)
        if room != LOBBY and room not in client.rooms:
            return False
        return self._service.post_promptly(room, nick, text, key, user, answer)

    async def _chat_message(self, sid: str, args: tuple[Any, ...]) -> dict[str, Any]:
        client = self.clients[sid]
        room, nick, text, key, user = self._message(sid, client, args)
        await self._must_exist(client, room)
        id, time = await self._service.post(room, nick, text, key=key, user=user)
        return {"id": id, "time": time}

    def _message(
        self, sid: str, client: Client, args: tuple[Any, ...]
    ) -> tuple[str, str, str, str | None, str]:
        """Room, nickname, text, key and user."""
        fields = domain.fields_of(args, "chat message")
        nick = client.speaks_as(fields, self._limits)
        text = domain.text(fields.get("message"), self._limits)
        key = domain.key(fields.get("key"))
        room = fields.get("room")
        if type(room) is not str or room not in client.rooms:  # else it was checked when joined
            room = domain.room_or_lobby(room, self._limits)
        self._service.rights.must(sid, Right.WRITE, room)
        return room, nick, text, key, self._service.rights.user(sid)

    async def _join(self, sid: str, args: tuple[Any, ...]) -> dict[str, Any]:
        client = self.clients[sid]
        fields = domain.room_or_fields(args, "join")
        room = domain.room_or_lobby(fields.get("room"), self._limits)
        after = domain.position(fields.get("after"), "after")
        self._service.rights.must(sid, Right.JOIN, room)
        if "nickname" in fields and not client.named:
            client.nickname = domain.nickname(fields["nickname"], self._limits)
        if room not in client.rooms and len(client.rooms) >= self._most_rooms:
            raise Refused(
                codes.TOO_MANY_ROOMS,
                f"room: {room!r} would be more than the {self._most_rooms} rooms of one client",
            )
        self._service.audience.hold(room)
        try:
            return await self._enter(sid, client, room, after)
        finally:
            self._service.audience.release(room)

    async def _enter(
        self, sid: str, client: Client, room: str, after: Position | None
    ) -> dict[str, Any]:
        """The room is held, so that it keeps its feed while we wait."""
        again = room in client.rooms
        await self._service.audience.subscribed(room)
        client.rooms |= {room}
        await self._presence.came(room, client.person(self._service.dyno))
        try:
            reply = await self._missed(client, room, after)
        except BaseException:
            if not again:
                self._out(client, room)
            raise
        # No waiting from here to the acknowledgement: what is newer than its position is sent to
        # those who are in the room, so the client must be, and must read the acknowledgement first.
        socket = self._service.manager.members.sockets.get(sid)
        refused = self._service.rights.refusal(sid, Right.JOIN, room)
        if socket is None or not socket.connected or refused:
            self._out(client, room)
            raise refused or Refused(codes.NOT_JOINED, "disconnected meanwhile")
        self._service.manager.members.enter(socket, room or LOBBY_ROOM)
        if self._service.feeds is not None and (room != LOBBY or client.waits):
            self._service.feeds.entered(room, sid)
        you = {"id": client.id, "dyno": self._service.dyno}
        return {**reply, **you, **self._presence.describe(room)}

    async def _missed(self, client: Client, room: str, after: Position | None) -> dict[str, Any]:
        if self._joining is None:
            return {"room": room or None, "position": None, "messages": [], "complete": False}
        until = None
        if room == LOBBY and not client.waits:
            # This client gets the lobby's messages since it connected.
            until = client.lobby_from or self._first()
        gone = await self._service.deletions.up_to(room, after)
        reply = shown(await self._joining.missed(room, after, until), room)
        return self._service.deletions.tell(reply, gone)

    def _first(self) -> Position | None:
        return self._service.feeds.first(LOBBY) if self._service.feeds is not None else None

    def _out(self, client: Client, room: str) -> None:
        client.rooms -= {room}
        self._presence.left(room, client.id)

    async def _leave(self, sid: str, args: tuple[Any, ...]) -> dict[str, Any]:
        client = self.clients[sid]
        room = client.joined(domain.room_or_fields(args, "leave"), self._limits)
        self.put_out(sid, client, room)
        return {"room": room or None}

    def put_out(self, sid: str, client: Client, room: str) -> None:
        """The client gets nothing more of the room, until it joins it again."""
        members = self._service.manager.members
        members.leave(members.sockets[sid], room or LOBBY_ROOM)
        if room == LOBBY:
            client.waits = True  # from its next join on, as for any room
        self._out(client, room)

    async def _typing(self, sid: str, args: tuple[Any, ...]) -> dict[str, Any]:
        client = self.clients[sid]
        fields = domain.fields_of(args, TYPING)
        typing = domain.flag(fields.get("typing"), TYPING)
        nick = client.speaks_as(fields, self._limits)
        room = domain.room_or_lobby(fields.get("room"), self._limits)
        if room != LOBBY:
            client.joined(fields, self._limits)
        self._service.rights.must(sid, Right.WRITE, room)
        event = {"id": client.id, "nick": nick, "typing": typing}
        manager = self._service.manager
        await manager.publish(
            manager.envelope(
                CHAT,
                Action.EMIT,
                rooms=(room,) if room else (),
                exclude=(sid,),
                event=TYPING,
                args=({"room": room, **event} if room else event,),
                flags={"volatile": True},
            )
        )
        return {}

    async def _who(self, sid: str, args: tuple[Any, ...]) -> dict[str, Any]:
        fields = domain.room_or_fields(args, "presence")
        room = self.clients[sid].joined(fields, self._limits)
        return {"room": room or None, **self._presence.describe(room)}

    async def _history(self, sid: str, args: tuple[Any, ...]) -> dict[str, Any]:
        fields = domain.room_or_fields(args, "history")
        room = domain.room_or_lobby(fields.get("room"), self._limits)
        before = domain.position(fields.get("before"), "before")
        limit = domain.limit(fields.get("limit"))
        self._service.rights.must(sid, Right.READ, room)
        await self._must_exist(self.clients[sid], room)
        found, complete = await self._service.read(room, before, limit)
        return {
            "room": room or None,
            "messages": [message.as_chat(id) for id, message in found],
            "complete": complete,
        }

    async def _must_exist(self, client: Client, room: str) -> None:
        if room != LOBBY and room not in client.rooms:
            await self._service.exists(room)
