"""What follows when a client shows a new token on a live connection."""

from __future__ import annotations

from chat_gateway.access.identity import Right
from chat_gateway.chat.audience import MESSAGES, ROOMS, room_of
from chat_gateway.chat.clients import Client
from chat_gateway.chat.domain import LOBBY
from chat_gateway.chat.lobby import Lobby
from chat_gateway.chat.presence import Presence
from chat_gateway.chat.rooms import RoomList
from chat_gateway.chat.service import ChatService
from chat_gateway.manager.encoding import encode_event
from chat_gateway.manager.membership import Socket
from chat_gateway.sockets.session import Session
from chatcluster.chat.message import CHAT


class Renewing:
    """Puts a session's clients out of what they may not be in any more, and gives them the name
    that they have now.
    """

    def __init__(
        self, service: ChatService, presence: Presence, lobby: Lobby, room_list: RoomList
    ) -> None:
        self._service = service
        self._presence = presence
        self._lobby = lobby
        self._room_list = room_list

    async def renewed(self, session: Session) -> None:
        """The session's identity is another than before."""
        members = self._service.manager.members
        for namespace in members.namespaces_of(session.sid):
            socket = members.of_session(session.sid, namespace)
            if socket is None or not socket.connected:
                continue
            if namespace == CHAT:
                await self._in_chat(socket)
            elif namespace == ROOMS:
                await self._room_list.tell(socket)
            elif namespace.startswith(MESSAGES):
                self._in_messages(socket)

    async def _in_chat(self, socket: Socket) -> None:
        client, name = self._lobby.clients[socket.sid], self._service.rights.name(socket.sid)
        self._put_out(socket, client)
        if name and name != client.nickname:
            client.nickname, client.named = name, True
            for room in client.rooms:
                await self._presence.came(room, client.person(self._service.dyno))

    def _put_out(self, socket: Socket, client: Client) -> None:
        for room in sorted({LOBBY, *client.rooms}):
            right = Right.JOIN if room in client.rooms else Right.READ
            refused = self._service.rights.refusal(socket.sid, right, room)
            if refused is None:
                continue
            self._lobby.put_out(socket.sid, client, room)
            closed = {"room": room or None, "code": refused.code.name}
            socket.session.send(encode_event(CHAT, "closed", (closed,)))

    def _in_messages(self, socket: Socket) -> None:
        room = room_of(socket.namespace).strip()
        if self._service.rights.refusal(socket.sid, Right.READ, room):
            self._service.manager.server.drop(socket, close=False)
