"""What follows from a room getting its first member here or losing its last: subscriptions and
feeds.
"""

from __future__ import annotations

from urllib.parse import unquote

from chat_gateway.chat.domain import LOBBY
from chat_gateway.chat.feeds import Feeds
from chat_gateway.manager.interest import Interest
from chatcluster.chat.message import CHAT
from chatcluster.core.envelope import RoomKey

ROOMS = "/room"
MESSAGES = "/messages/"

# The members of `/` who get the lobby's messages. No client can name it: names have no controls.
LOBBY_ROOM = "\x00lobby"


def room_of(namespace: str) -> str:
    """The room whose messages a namespace `/messages/<room, URL-encoded>` has."""
    return unquote(namespace.removeprefix(MESSAGES))


class Audience:
    """Listens to the membership; keeps interest and feeds as it needs them."""

    def __init__(self, interest: Interest) -> None:
        self._interest = interest
        self._namespaces: dict[str, set[str]] = {}  # by room: of its messages, with clients here
        self.feeds: Feeds | None = None  # None: this chat keeps no history

    def changed(self, key: RoomKey, first: bool) -> None:
        """A room got its first member here, or lost its last."""
        if key.room != LOBBY_ROOM:
            self._count(key, first)
        if key.namespace == CHAT and key.room != "":
            self._follow(LOBBY if key.room == LOBBY_ROOM else key.room, first)
        elif key.namespace.startswith(MESSAGES) and key.room == "":
            room = room_of(key.namespace).strip()
            self._keep_namespace(room, key.namespace, first)
            self._count(RoomKey(CHAT, room), first)
            self._follow(room, first)

    def owned(self, key: RoomKey, first: bool) -> None:
        """A client has a room of its own, or not any more: events come there, and no messages that
        a log would keep.
        """
        self._count(key, first)

    def namespaces(self, room: str) -> list[str]:
        """Where clients of this gateway follow the room's messages: a name can be encoded in
        several ways.
        """
        return list(self._namespaces.get(room, ()))

    def hold(self, room: str) -> None:
        """Follow a room's messages until `release`, with or without members."""
        self._count(RoomKey(CHAT, room), True)
        self._follow(room, True)

    def release(self, room: str) -> None:
        self._count(RoomKey(CHAT, room), False)
        self._follow(room, False)

    async def subscribed(self, room: str) -> None:
        """Return when the messages of a room that is held come to this gateway."""
        await self._interest.in_force(RoomKey(CHAT, room))

    def _keep_namespace(self, room: str, namespace: str, first: bool) -> None:
        if first:
            self._namespaces.setdefault(room, set()).add(namespace)
            return
        self._namespaces[room].discard(namespace)
        if not self._namespaces[room]:
            del self._namespaces[room]

    def _count(self, key: RoomKey, first: bool) -> None:
        if first:
            self._interest.add(key)
        else:
            self._interest.discard(key)

    def _follow(self, room: str, first: bool) -> None:
        if self.feeds is None:
            return
        if first:
            self.feeds.hold(room)
        else:
            self.feeds.release(room)
