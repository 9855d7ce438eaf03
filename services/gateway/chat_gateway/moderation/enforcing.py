"""What follows for those who are connected here when somebody is put out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from chat_gateway.access.identity import Identity
from chat_gateway.chat.audience import MESSAGES, room_of
from chat_gateway.chat.domain import LOBBY
from chat_gateway.chat.lobby import Lobby
from chat_gateway.limits.addresses import neighbourhood
from chat_gateway.manager import encoding
from chat_gateway.manager.membership import Membership, Socket
from chat_gateway.manager.server import ChatServer
from chat_gateway.moderation import rules
from chat_gateway.sockets.session import SERVER_DISCONNECT, Session
from chatcluster.chat.message import CHAT
from chatcluster.core.errors import Refused
from chatcluster.core.sanctions import Kind, Sanction

Chosen = Callable[[Socket, Identity], bool]


class Enforcing:
    """Acts on this gateway's clients. Clients in other namespaces than `/` have no id by which
    they could be meant.
    """

    def __init__(self, members: Membership, lobby: Lobby, server: ChatServer) -> None:
        self._members = members
        self._lobby = lobby
        self._server = server

    def impose(self, sanctions: Iterable[Sanction], now: float) -> None:
        """These have begun."""
        for sanction in sanctions:
            refused = rules.refusal(sanction, now)
            for socket in self._select(partial(_concerned, sanction)):
                if sanction.kind is Kind.MUTE:
                    _tell(socket, "chat message", refused)
                else:
                    self._put_out(socket, sanction.room, refused)

    def kick(self, chosen: Chosen, room: str | None, refused: Refused) -> None:
        """Put those out of the room or (None) of the chat; they may come again."""
        for socket in self._select(chosen):
            self._put_out(socket, room, refused)

    def member(self, id: str) -> tuple[Identity, str] | None:
        """Who has this id among a room's members, if a client here has it, and the nickname."""
        for sid, client in self._lobby.clients.items():
            if client.id == id and (socket := self._members.sockets.get(sid)) is not None:
                return socket.identity, client.nickname
        return None

    def is_member(self, socket: Socket, id: str) -> bool:
        client = self._lobby.clients.get(socket.sid)
        return client is not None and client.id == id

    def _select(self, chosen: Chosen) -> list[Socket]:
        sockets = self._members.sockets.values()
        return [one for one in sockets if one.connected and chosen(one, one.identity)]

    def _put_out(self, socket: Socket, room: str | None, refused: Refused) -> None:
        if room is None:
            self._dismiss(socket.session, refused)
        elif socket.namespace == CHAT:
            self._put_out_of(socket, room, refused)
        elif socket.namespace.startswith(MESSAGES) and room_of(socket.namespace).strip() == room:
            _tell(socket, "connect", refused)
            self._server.drop(socket, close=False)

    def _put_out_of(self, socket: Socket, room: str, refused: Refused) -> None:
        client = self._lobby.clients.get(socket.sid)
        if client is None or not (room in client.rooms or (room == LOBBY and not client.waits)):
            return
        self._lobby.put_out(socket.sid, client, room)
        closed = {"room": room or None, "code": refused.code.name, "message": refused.message}
        socket.session.send(encoding.encode_event(CHAT, "closed", (closed,)))

    def _dismiss(self, session: Session, refused: Refused) -> None:
        """In words too, since polling clients see no close code; and by a DISCONNECT packet, after
        which clients do not come back by themselves.
        """
        for socket in self._sockets_of(session):
            _tell(socket, "connect", refused)
            session.send(encoding.encode(encoding.DISCONNECT, socket.namespace))
        session.close(SERVER_DISCONNECT, refused.code)

    def _sockets_of(self, session: Session) -> Iterator[Socket]:
        for namespace in self._members.namespaces_of(session.sid):
            socket = self._members.of_session(session.sid, namespace)
            if socket is not None and socket.connected:
                yield socket


def _concerned(sanction: Sanction, socket: Socket, identity: Identity) -> bool:
    place = neighbourhood(identity.address) if sanction.address else ""
    return rules.concerns(sanction, identity, place)


def _tell(socket: Socket, event: str, refused: Refused) -> None:
    """What is not allowed any more, and why."""
    told = {"event": event, **refused.as_reply()}
    socket.session.send(encoding.encode_event(socket.namespace, "refused", (told,)))
