"""What happens with an envelope that the fan-out brought."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from chat_gateway.chat.audience import LOBBY_ROOM, ROOMS
from chat_gateway.chat.domain import LOBBY, Message
from chat_gateway.chat.lobby import TYPING, Lobby
from chat_gateway.chat.presence import EVENT as PRESENCE
from chat_gateway.chat.presence import Presence
from chat_gateway.chat.rooms import RoomList
from chat_gateway.chat.service import CHAT_MESSAGE, ROOMS_CHANGED, ChatService
from chat_gateway.manager.answering import Answering
from chat_gateway.manager.encoding import encode_event
from chat_gateway.moderation.announcing import EVENT as MODERATION
from chat_gateway.moderation.moderation import Moderation
from chatcluster.chat.message import CHAT, MODERATED
from chatcluster.core.envelope import Action, Envelope
from chatcluster.core.request import Reply, Request
from chatcluster.runtime.logs import get_logger

log = get_logger(__name__)


class Incoming:
    """The gateway's end of the fan-out (its `Receiver`). An envelope that cannot be carried out
    harms no other.
    """

    def __init__(
        self,
        service: ChatService,
        presence: Presence,
        lobby: Lobby,
        room_list: RoomList,
        moderation: Moderation,
        answering: Answering,
    ) -> None:
        self._service = service
        self._presence = presence
        self._lobby = lobby
        self._room_list = room_list
        self._moderation = moderation
        self._origin = service.manager.origin
        self._answering = answering
        self._tracer = service.manager.tracer

    def deliver(self, envelopes: Sequence[Envelope]) -> None:
        for envelope in envelopes:
            try:
                if self._tracer is not None and envelope.flags:
                    with self._tracer.delivering(envelope.flags, envelope.origin):
                        self._carry_out(envelope)
                else:
                    self._carry_out(envelope)
            except Exception:
                log.exception(
                    "envelope_failed", origin=envelope.origin, action=envelope.action.name
                )

    def interrupted(self) -> None:
        log.warning("fanout_interrupted")
        self._presence.interrupted()
        self._room_list.changed()
        self._moderation.register.interrupted()
        if self._service.feeds is not None:
            self._service.feeds.refresh()

    def answer(self, request: Request, reply: Callable[[Reply], None]) -> None:
        self._answering.answer(request, reply)

    def _carry_out(self, envelope: Envelope) -> None:
        if envelope.action is Action.SIGNAL:
            self._signal(envelope)
        elif envelope.action is Action.EMIT and envelope.event == CHAT_MESSAGE:
            self._message(envelope)
        elif envelope.action is Action.CLOSE_ROOM and envelope.namespace == CHAT:
            self._close_rooms(envelope)
        elif envelope.event in (TYPING, MODERATED) and envelope.namespace == CHAT:
            self._tell(envelope)
        else:
            self._service.manager.apply(envelope)

    def _tell(self, envelope: Envelope) -> None:
        """What is for those in a room, or (none) in the lobby: not all who are on `/` may be."""
        rooms = envelope.rooms or (LOBBY_ROOM,)
        self._service.manager.apply(msgspec.structs.replace(envelope, rooms=rooms))
        if envelope.event == MODERATED:
            self._note(envelope.args)
            for room in envelope.rooms:
                for namespace in self._service.audience.namespaces(room):
                    outgoing = encode_event(namespace, MODERATED, envelope.args)
                    self._service.manager.emit_here(namespace, outgoing)

    def _note(self, args: tuple[Any, ...]) -> None:
        """What was deleted, if it was."""
        match args:
            case ({"id": str(id), "message": None},):
                self._service.deletions.note(id)

    def _signal(self, envelope: Envelope) -> None:
        if envelope.event == PRESENCE:
            self._presence.hear(envelope)
        elif envelope.event == ROOMS_CHANGED and envelope.namespace == ROOMS:
            self._room_list.changed()
        elif envelope.event == MODERATION and envelope.namespace == ROOMS:
            if envelope.origin != self._origin:
                self._moderation.hear(envelope)
        else:
            log.debug("signal_unknown", event_name=envelope.event, origin=envelope.origin)

    def _message(self, envelope: Envelope) -> None:
        chat: Any = envelope.args[0] if envelope.args else None
        ours = isinstance(chat, dict) and isinstance(chat.get("id"), str)
        if envelope.namespace != CHAT or not ours:
            # From other Socket.IO software: for its clients' sake as it is, without a position.
            self._service.manager.apply(envelope)
            return
        room = chat.get("room", LOBBY)
        feeds = self._service.feeds
        if envelope.position is not None and feeds is not None:
            message = Message.from_chat(chat, envelope.flags.get("to"))
            feeds.offer(room, envelope.position, message)
        elif self._service.audience.namespaces(room):
            message = Message.from_chat(chat, envelope.flags.get("to"))
            self._service.out(room, chat["id"], message)
        else:
            self._service.out_chat(room, chat)

    def _close_rooms(self, envelope: Envelope) -> None:
        manager = self._service.manager
        for room in envelope.rooms:
            closed = encode_event(CHAT, "closed", ({"room": room},))
            manager.emit_here(CHAT, closed, rooms=(room,))
            self._lobby.closed(room)
            for namespace in self._service.audience.namespaces(room):
                for socket in manager.members.select(namespace, (), ()):
                    manager.server.drop(socket, close=False)
        manager.apply(envelope)
