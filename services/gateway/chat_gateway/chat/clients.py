"""What the chat knows of each connection to `/`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chat_gateway.chat import domain
from chat_gateway.chat.domain import UNNAMED, Limits
from chatcluster.core import codes
from chatcluster.core.errors import Refused
from chatcluster.core.people import Person
from chatcluster.core.position import Position


@dataclass(slots=True)
class Client:
    """`waits`: the client wants the lobby's messages only once it has joined it.

    `lobby_from`: where the lobby stood when this client began to get its messages. `named`: the
    nickname is not the client's to choose.
    """

    id: str
    nickname: str
    waits: bool
    lobby_from: Position | None = None
    rooms: frozenset[str] = frozenset()
    named: bool = False

    def person(self, dyno: str) -> Person:
        return Person(self.id, self.nickname, dyno)

    def speaks_as(self, fields: Mapping[str, Any], limits: Limits) -> str:
        """The event's nickname, else the one given before. Raises Refused for one that may not
        be.
        """
        asked = fields.get("nickname")
        if self.named or asked == self.nickname:
            return self.nickname
        given = domain.nickname(asked, limits)
        if given == UNNAMED:
            return self.nickname
        self.nickname = given
        return given

    def joined(self, fields: Mapping[str, Any], limits: Limits) -> str:
        """The room that an event names. Raises Refused if the client is not in it."""
        room = domain.room_or_lobby(fields.get("room"), limits)
        if room not in self.rooms:
            raise Refused(codes.NOT_JOINED, f"room: {room!r} was not joined")
        return room
