"""Who is in which room, on all gateways, as one gateway knows it.

Every gateway announces its own people and listens to the others. What it says of a room is
numbered, so that whoever missed something notices and asks:

    came    {room, prev, version, joined, left}   a change; follows the one numbered `prev`
    state   {room, version, people}               everything, as an answer
    ask     {rooms, to?}                          who is there? (`to`: asked of one gateway only)
    alive   {rooms: {room: version}}              a sign of life, with what changed lately
    bye     {}                                    the gateway is going

A room that a gateway has nobody in has version 0. Numbers grow over a gateway's whole life, so that
a room that was emptied and filled again is not mistaken for its former self.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chatcluster.core.people import Change, Person, Signal

BEATS = 3  # signs of life that may be missed, and beats for which a change is repeated


@dataclass(slots=True)
class _View:
    """What one other gateway said of one room."""

    version: int = 0
    people: dict[str, Person] = field(default_factory=dict)


class Roster:
    """One gateway's view. Rooms without people of its own are not followed.

    Times are seconds of any clock that does not go back. The methods that return signals expect
    that they are sent in that order.
    """

    def __init__(self, origin: str, beat_seconds: float) -> None:
        self._origin = origin
        self._silence = beat_seconds * BEATS
        self._count = 0
        self._versions: dict[str, int] = {}
        self._mine: dict[str, dict[str, Person]] = {}
        self._theirs: dict[str, dict[str, _View]] = {}  # by room, then by origin
        self._heard: dict[str, float] = {}
        self._recent: list[dict[str, None]] = [{} for _ in range(BEATS)]
        self._to_tell: dict[str, Change] = {}  # to other gateways
        self._changes: dict[str, Change] = {}  # to this gateway's own people

    # This gateway's own people.

    def came(self, room: str, person: Person) -> Signal | None:
        """*person* is in *room*, or has another nickname. Gives a question if the room was not
        followed before.
        """
        first = room not in self._mine
        self._mine.setdefault(room, {})[person.id] = person
        self._to_tell.setdefault(room, Change()).add(person)
        self._changes.setdefault(room, Change()).add(person)
        return Signal(room, "ask", {"rooms": [room]}) if first else None

    def left(self, room: str, id: str) -> None:
        people = self._mine.get(room, {})
        if people.pop(id, None) is None:
            return
        self._to_tell.setdefault(room, Change()).remove(id)
        self._changes.setdefault(room, Change()).remove(id)
        if not people:
            del self._mine[room]
            self._theirs.pop(room, None)
            self._changes.pop(room, None)

    def people(self, room: str) -> Iterable[Person]:
        yield from self._mine.get(room, {}).values()
        for view in self._theirs.get(room, {}).values():
            yield from view.people.values()

    def count(self, room: str) -> int:
        views = self._theirs.get(room, {}).values()
        return len(self._mine.get(room, ())) + sum(len(view.people) for view in views)

    def take_changes(self) -> Mapping[str, Change]:
        """What this gateway's own people have to be told, by room."""
        changes, self._changes = self._changes, {}
        return {room: change for room, change in changes.items() if change.joined or change.left}

    # What is said.

    def tell(self) -> list[Signal]:
        """What the other gateways have to be told of this one's people."""
        changes, self._to_tell = self._to_tell, {}
        return [self._came(room, change) for room, change in changes.items()]

    def beat(self, now: float) -> Signal:
        """A sign of life; forgets those who gave none for three beats."""
        for origin in [o for o, heard in self._heard.items() if now - heard > self._silence]:
            self._forget(origin)
        rooms = {room: self._versions.get(room, 0) for beat in self._recent for room in beat}
        self._recent = [{}, *self._recent[:-1]]
        return Signal(None, "alive", {"rooms": rooms})

    def interrupted(self) -> list[Signal]:
        """The carrier was away: ask everybody again, and repeat in the next beat what this gateway
        last said.
        """
        self._recent[0].update(dict.fromkeys(self._versions))
        return [Signal(None, "ask", {"rooms": list(self._mine)})] if self._mine else []

    # What is heard.

    def hear(self, origin: str, kind: str, body: Mapping[str, Any], now: float) -> list[Signal]:
        """Another gateway's signal; gives what to answer. A body of another form raises LookupError
        or TypeError.
        """
        if origin == self._origin:
            return []
        if kind == "bye":
            self._forget(origin)
            return []
        known = origin in self._heard
        self._heard[origin] = now
        answers = [] if known or not self._mine else [self._question(list(self._mine), origin)]
        if kind == "ask":
            return answers + self._answer(body)
        if kind == "alive":
            return answers + self._compare(origin, body["rooms"])
        if kind == "state":
            self._learn(origin, body["room"], body["version"], body["people"])
        if kind == "came":
            return answers + self._follow(origin, body)
        return answers

    def _answer(self, body: Mapping[str, Any]) -> list[Signal]:
        to = body.get("to")
        if to is not None and to != self._origin:
            return []
        signals = self.tell()
        for room in body["rooms"]:
            people = self._mine.get(room)
            if people or to is not None:
                state = {
                    "room": room,
                    "version": self._versions.get(room, 0),
                    "people": [list(person) for person in (people or {}).values()],
                }
                signals.append(Signal(room, "state", state))
        return signals

    def _compare(self, origin: str, rooms: Mapping[str, int]) -> list[Signal]:
        behind = [
            room
            for room, version in rooms.items()
            if room in self._mine and self._version(room, origin) != version
        ]
        return [self._question(behind, origin)] if behind else []

    def _follow(self, origin: str, body: Mapping[str, Any]) -> list[Signal]:
        room, prev, version = body["room"], body["prev"], body["version"]
        if room not in self._mine or version <= self._version(room, origin):
            return []
        if prev != self._version(room, origin):
            return [self._question([room], origin)]
        view = self._theirs.setdefault(room, {}).setdefault(origin, _View())
        view.version = version
        change = self._changes.setdefault(room, Change())
        for person in map(_person, body["joined"]):
            view.people[person.id] = person
            change.add(person)
        for id in body["left"]:
            if view.people.pop(id, None) is not None:
                change.remove(id)
        if not view.people:
            del self._theirs[room][origin]
        return []

    def _learn(self, origin: str, room: str, version: int, people: Iterable[Any]) -> None:
        if room not in self._mine:
            return
        views = self._theirs.setdefault(room, {})
        old = views.get(origin, _View())
        new = _View(version, {person.id: person for person in map(_person, people)})
        if version < old.version and new.people:
            return  # an answer from before what is known already
        change = self._changes.setdefault(room, Change())
        for id in old.people.keys() - new.people.keys():
            change.remove(id)
        for id, person in new.people.items():
            if old.people.get(id) != person:
                change.add(person)
        if new.people:
            views[origin] = new
        else:
            views.pop(origin, None)

    def _forget(self, origin: str) -> None:
        self._heard.pop(origin, None)
        for room, views in self._theirs.items():
            view = views.pop(origin, None)
            for id in view.people if view else ():
                self._changes.setdefault(room, Change()).remove(id)

    def _came(self, room: str, change: Change) -> Signal:
        prev = self._versions.get(room, 0)
        self._count += 1
        if room in self._mine:
            self._versions[room] = self._count
        else:
            self._versions.pop(room, None)
        self._recent[0][room] = None
        body = {
            "room": room,
            "prev": prev,
            "version": self._count,
            "joined": [list(person) for person in change.joined.values()],
            "left": list(change.left),
        }
        return Signal(room, "came", body)

    def _version(self, room: str, origin: str) -> int:
        view = self._theirs.get(room, {}).get(origin)
        return view.version if view is not None else 0

    def _question(self, rooms: list[str], origin: str) -> Signal:
        return Signal(None, "ask", {"rooms": rooms, "to": origin})


def _person(fields: Any) -> Person:
    id, nickname, dyno = fields
    return Person(str(id), str(nickname), str(dyno))
