"""What gateways say to each other about people, and a gateway that has begun to listen."""

from __future__ import annotations

from typing import Any

from chatcluster.core.people import Person, Signal
from chatcluster.core.roster import Roster

ADA = Person("a", "ada", "one")
BOB = Person("b", "bob", "two")
CY = Person("c", "cy", "two")


def acquainted() -> Roster:
    """In the room tea with ada, and already acquainted with the gateway two."""
    roster = Roster("one", beat_seconds=2.0)
    roster.came("tea", ADA)
    roster.tell()
    roster.hear("two", "alive", alive(1), 0.0)
    roster.hear("two", "none", {"rooms": ["tea"], "version": 0}, 0.0)
    roster.take_changes()
    return roster


def alive(beat: int, **more: Any) -> dict[str, Any]:
    return {"beat": beat, "rooms": {}, "new": [], "asks": {}, **more}


def came(
    version: int, *joined: Person, prev: int = 0, left: tuple[str, ...] = ()
) -> dict[str, Any]:
    return {
        "room": "tea",
        "prev": prev,
        "version": version,
        "joined": [list(person) for person in joined],
        "left": list(left),
    }


def state(version: int, *people: Person) -> dict[str, Any]:
    return {"room": "tea", "version": version, "people": [list(person) for person in people]}


def names(roster: Roster, room: str = "tea") -> list[str]:
    people = sorted(person.nickname for person in roster.people(room))
    assert roster.count(room) == len(people)
    return people


def asks(rooms: dict[str, int], to: str = "two") -> Signal:
    return Signal(None, "ask", {"rooms": rooms, "to": to})
