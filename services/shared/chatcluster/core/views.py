"""What other gateways said of rooms, as one gateway's roster keeps it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from chatcluster.core.people import Change, Person


@dataclass(slots=True)
class _View:
    version: int
    people: dict[str, Person] = field(default_factory=dict)


class Views:
    """The people of each room by the gateway that named them, and `changes` for those who watch."""

    def __init__(self) -> None:
        self._rooms: dict[str, dict[str, _View]] = {}
        self._changes: dict[str, Change] = {}

    def people(self, room: str) -> Iterator[Person]:
        for view in self._rooms.get(room, {}).values():
            yield from view.people.values()

    def count(self, room: str) -> int:
        return sum(len(view.people) for view in self._rooms.get(room, {}).values())

    def version(self, room: str, origin: str) -> int:
        """0 if *origin* has nobody there."""
        view = self._rooms.get(room, {}).get(origin)
        return view.version if view is not None else 0

    def change(self, room: str) -> Change:
        """What became different in a room, to be added to."""
        return self._changes.setdefault(room, Change())

    def take_changes(self) -> Mapping[str, Change]:
        changes, self._changes = self._changes, {}
        return {room: change for room, change in changes.items() if change.joined or change.left}

    def follow(
        self, room: str, origin: str, version: int, *, joined: Iterable[Person], left: Iterable[str]
    ) -> None:
        """A change that makes what *origin* said *version*."""
        view = self._rooms.setdefault(room, {}).setdefault(origin, _View(version))
        view.version = version
        change = self.change(room)
        for person in joined:
            view.people[person.id] = person
            change.add(person)
        for id in left:
            if view.people.pop(id, None) is not None:
                change.remove(id)
        if not view.people:
            del self._rooms[room][origin]

    def replace(self, room: str, origin: str, version: int, people: Iterable[Person]) -> None:
        """*origin* names everybody whom it has there."""
        views = self._rooms.setdefault(room, {})
        old = views.pop(origin, _View(version)).people
        new = {person.id: person for person in people}
        if new:
            views[origin] = _View(version, new)
        change = self.change(room)
        for id in old.keys() - new.keys():
            change.remove(id)
        for id, person in new.items():
            if old.get(id) != person:
                change.add(person)

    def close(self, room: str) -> None:
        """Nobody here watches the room any more."""
        self._rooms.pop(room, None)
        self._changes.pop(room, None)

    def forget(self, origin: str) -> None:
        """The gateway is gone, and its people with it."""
        for room in [room for room, views in self._rooms.items() if origin in views]:
            self.replace(room, origin, 0, ())
