"""Which handlers python-socketio calls for the events of each namespace."""

from __future__ import annotations

from typing import Any

from chat_gateway.chat.audience import MESSAGES, ROOMS, room_of
from chat_gateway.chat.events import dispatch
from chat_gateway.chat.lobby import Lobby
from chat_gateway.chat.rooms import RoomList, RoomMessages
from chat_gateway.manager.server import ChatServer
from chatcluster.chat.message import CHAT


def register(
    server: ChatServer, lobby: Lobby, room_list: RoomList, room_messages: RoomMessages
) -> None:
    """Events of `/`, of `/room`, and (the namespace "*") of `/messages/<room>`."""

    async def chat_connect(sid: str, environ: Any, auth: Any) -> None:
        lobby.connect(sid, auth)

    async def chat_disconnect(sid: str, reason: str) -> None:
        lobby.disconnected(sid)

    async def chat_event(event: str, sid: str, *args: Any) -> Any:
        return await dispatch(lobby.handlers, event, sid, args)

    async def room_event(event: str, sid: str, *args: Any) -> Any:
        return await dispatch(room_list.handlers, event, sid, args)

    async def messages_connect(namespace: str, sid: str, environ: Any, auth: Any) -> None:
        await room_messages.connect(namespace, sid)

    async def messages_disconnect(namespace: str, sid: str, reason: str) -> None:
        room_messages.disconnected(namespace, sid)

    async def messages_event(event: str, namespace: str, sid: str, *args: Any) -> Any:
        return await dispatch(room_messages.handlers(namespace), event, sid, args)

    known = {**lobby.handlers, **room_list.handlers, **room_messages.handlers(MESSAGES)}
    server.manager.counts.events.expect(known)
    server.prompt_connects[CHAT] = lobby.connect
    server.prompt_events |= lobby.prompt_handlers
    server.on("connect", chat_connect, namespace=CHAT)
    server.on("disconnect", chat_disconnect, namespace=CHAT)
    server.on("*", chat_event, namespace=CHAT)
    server.on("connect", room_list.connect, namespace=ROOMS)
    server.on("disconnect", _nothing, namespace=ROOMS)
    server.on("*", room_event, namespace=ROOMS)
    server.on("connect", messages_connect, namespace="*")
    server.on("disconnect", messages_disconnect, namespace="*")
    server.on("*", messages_event, namespace="*")


async def _nothing(*_: Any) -> None:
    """Nothing has to be done."""


def accepts(namespace: str) -> bool:
    """Whether there is such a namespace."""
    return namespace in (CHAT, ROOMS) or (
        namespace.startswith(MESSAGES) and bool(room_of(namespace).strip())
    )
