"""Who is in a room, and what is said about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Person(NamedTuple):
    """`id` is one connection's own, and not its socket id: that one is a private room's name."""

    id: str
    nickname: str
    dyno: str


class Signal(NamedTuple):
    """Something to tell other gateways: those with people in `room`, or all of them (None)."""

    room: str | None
    kind: str
    body: dict[str, Any]


@dataclass(slots=True)
class Change:
    """What became different in a room since it was last told."""

    joined: dict[str, Person] = field(default_factory=dict)
    left: set[str] = field(default_factory=set)

    def add(self, person: Person) -> None:
        self.left.discard(person.id)
        self.joined[person.id] = person

    def remove(self, id: str) -> None:
        # Somebody who came and went between two tellings is told as gone: a listener that never
        # heard of the coming ignores it.
        self.joined.pop(id, None)
        self.left.add(id)
