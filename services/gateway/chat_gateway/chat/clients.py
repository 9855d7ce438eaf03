"""What the chat knows of each connection to `/`."""

from __future__ import annotations

from dataclasses import dataclass

from chatcluster.core.people import Person
from chatcluster.core.position import Position


@dataclass(slots=True)
class Client:
    """`waits`: the client wants the lobby's messages only once it has joined it.

    `lobby_from`: where the lobby stood when this client began to get its messages.
    """

    id: str
    nickname: str
    waits: bool
    lobby_from: Position | None = None
    rooms: frozenset[str] = frozenset()

    def person(self, dyno: str) -> Person:
        return Person(self.id, self.nickname, dyno)
