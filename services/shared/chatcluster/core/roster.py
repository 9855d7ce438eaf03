"""Who is in which room, on all gateways, as one gateway knows it.

Every gateway announces its own people and listens to the others. What it says of a room is
numbered, so that whoever missed something notices and asks:

    came    {room, prev, version, joined, left}   a change; follows the one numbered `prev`
    state   {room, version, people}               everything, as an answer
    none    {rooms, version}                      nobody is in these, as an answer
    ask     {rooms: {room: version}, to?}         who is there? (`to`: asked of one gateway only)
    alive   {beat, rooms: {room: version}, new: [room], asks: {origin: {room: version}}}
                                                  a sign of life, see below
    bye     {}                                    the gateway is going

A room that a gateway has nobody in has version 0. Numbers grow over a gateway's whole life, so that
a room that was emptied and filled again is not mistaken for its former self. The versions in a
question are the asker's own.

Any signal may be lost. A sign of life says what changed in the last three beats (`rooms`) and which
rooms the gateway follows since then (`new`: others answer by naming theirs in their next beats).
Whoever missed more than three, by their number, asks about everything; and a question to one
gateway is repeated with every beat (`asks`) until it is answered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from chatcluster.core.peers import BEATS, Peer, parse_people, table
from chatcluster.core.people import Change, Person, Signal
from chatcluster.core.views import Views


class Roster:
    """One gateway's view. Rooms without people of its own are not followed.

    Times are seconds of any clock that does not go back. The methods that return signals expect
    that they are sent in that order.
    """

    def __init__(self, origin: str, beat_seconds: float) -> None:
        self._origin = origin
        self._silence = beat_seconds * BEATS
        self._count = 0
        self._beats = 0
        self._versions: dict[str, int] = {}
        self._mine: dict[str, dict[str, Person]] = {}
        self._peers: dict[str, Peer] = {}
        self._recent: list[dict[str, None]] = [{} for _ in range(BEATS)]  # changed, by beat
        self._new: list[dict[str, None]] = [{} for _ in range(BEATS)]  # followed, by beat
        self._to_tell: dict[str, Change] = {}  # to other gateways
        self._views = Views()

    # This gateway's own people.

    def came(self, room: str, person: Person) -> Signal | None:
        """*person* is in *room*, or has another nickname. Gives a question if the room was not
        followed before.
        """
        first = room not in self._mine
        self._mine.setdefault(room, {})[person.id] = person
        self._to_tell.setdefault(room, Change()).add(person)
        self._views.change(room).add(person)
        if not first:
            return None
        self._new[0][room] = None
        return Signal(room, "ask", {"rooms": self._own([room])})

    def left(self, room: str, id: str) -> None:
        people = self._mine.get(room, {})
        if people.pop(id, None) is None:
            return
        self._to_tell.setdefault(room, Change()).remove(id)
        self._views.change(room).remove(id)
        if not people:
            del self._mine[room]
            self._views.close(room)

    def people(self, room: str) -> Iterable[Person]:
        yield from self._mine.get(room, {}).values()
        yield from self._views.people(room)

    def count(self, room: str) -> int:
        return len(self._mine.get(room, ())) + self._views.count(room)

    def take_changes(self) -> Mapping[str, Change]:
        """What this gateway's own people have to be told, by room."""
        return self._views.take_changes()

    # What is said.

    def tell(self) -> list[Signal]:
        """What the other gateways have to be told of this one's people."""
        changes, self._to_tell = self._to_tell, {}
        return [self._came(room, change) for room, change in changes.items()]

    def beat(self, now: float) -> Signal:
        """A sign of life; forgets those who gave none for three beats."""
        for origin in [o for o, peer in self._peers.items() if now - peer.heard > self._silence]:
            self._forget(origin)
        self._beats += 1
        body = {
            "beat": self._beats,
            "rooms": self._own(room for beat in self._recent for room in beat),
            "new": [room for beat in self._new for room in beat if room in self._mine],
            "asks": {
                origin: asked
                for origin, peer in self._peers.items()
                if (asked := self._unanswered(peer))
            },
        }
        self._recent = [{}, *self._recent[:-1]]
        self._new = [{}, *self._new[:-1]]
        return Signal(None, "alive", body)

    def interrupted(self) -> list[Signal]:
        """The carrier was away: ask everybody again, and repeat in the next beat what this gateway
        last said.
        """
        self._recent[0].update(dict.fromkeys(self._versions))
        return [Signal(None, "ask", {"rooms": self._own(self._mine)})] if self._mine else []

    def part(self) -> None:
        """The other gateways are not met any more: their people are gone."""
        for origin in list(self._peers):
            self._forget(origin)

    # What is heard.

    def hear(self, origin: str, kind: str, body: Any, now: float) -> list[Signal]:
        """Another gateway's signal; gives what to answer. A body of another form raises
        LookupError, TypeError or ValueError.
        """
        if origin == self._origin:
            return []
        if kind == "bye":
            self._forget(origin)
            return []
        known = origin in self._peers
        self._peers.setdefault(origin, Peer(now)).heard = now
        answers = [] if known else self._question(origin, self._mine)
        hearing = {
            "ask": self._asked,
            "alive": self._alive,
            "came": self._follow,
            "state": self._learn,
            "none": self._learn_empty,
        }.get(kind)
        if hearing is not None:
            answers += hearing(origin, table(body))
        return answers

    def _asked(self, origin: str, body: Mapping[str, Any]) -> list[Signal]:
        if body.get("to", self._origin) != self._origin:
            return []
        rooms = table(body["rooms"])
        return self._compare(origin, rooms) + self._answer(rooms, directed="to" in body)

    def _alive(self, origin: str, body: Mapping[str, Any]) -> list[Signal]:
        rooms, new = table(body["rooms"]), body["new"]
        asked = table(table(body["asks"]).get(self._origin, {}))
        self._recent[0].update((room, None) for room in new if room in self._mine)
        lost = self._peers[origin].lost(body["beat"])
        answers = self._question(origin, self._mine) if lost else []
        answers += self._compare(origin, rooms) + self._compare(origin, asked)
        return answers + (self._answer(asked, directed=True) if asked else [])

    def _answer(self, rooms: Iterable[str], *, directed: bool) -> list[Signal]:
        """What is said about *rooms*, each of them if the question was *directed* to this one."""
        signals = self.tell()
        for room in rooms:
            if (people := self._mine.get(room)) is not None:
                state = {
                    "room": room,
                    "version": self._versions[room],
                    "people": [list(person) for person in people.values()],
                }
                signals.append(Signal(room, "state", state))
        empty = [room for room in rooms if room not in self._mine]
        if directed and empty:
            signals.append(Signal(None, "none", {"rooms": empty, "version": self._count}))
        return signals

    def _compare(self, origin: str, rooms: Mapping[str, int]) -> list[Signal]:
        """Ask about those of which something else is known here."""
        known = {room: self._views.version(room, origin) for room in rooms if room in self._mine}
        return self._question(origin, [room for room in known if known[room] != rooms[room]])

    def _follow(self, origin: str, body: Mapping[str, Any]) -> list[Signal]:
        room, prev, version = body["room"], body["prev"], body["version"]
        joined, left = parse_people(body["joined"]), [str(id) for id in body["left"]]
        known = self._views.version(room, origin)
        if room not in self._mine or version <= known:
            return []
        if prev != known:
            return self._question(origin, [room])
        self._views.follow(room, origin, version, joined=joined, left=left)
        return []

    def _learn(self, origin: str, body: Mapping[str, Any]) -> list[Signal]:
        room, version, people = body["room"], body["version"], parse_people(body["people"])
        self._peers[origin].owed.pop(room, None)
        if room in self._mine and version >= self._views.version(room, origin):
            self._views.replace(room, origin, version, people)
        return []

    def _learn_empty(self, origin: str, body: Mapping[str, Any]) -> list[Signal]:
        for room in body["rooms"]:
            self._peers[origin].owed.pop(room, None)
            if 0 < self._views.version(room, origin) <= body["version"]:
                self._views.replace(room, origin, 0, ())
        return []

    def _forget(self, origin: str) -> None:
        self._peers.pop(origin, None)
        self._views.forget(origin)

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

    def _own(self, rooms: Iterable[str]) -> dict[str, int]:
        return {room: self._versions.get(room, 0) for room in rooms}

    def _question(self, origin: str, rooms: Iterable[str]) -> list[Signal]:
        """Ask one gateway about *rooms*, those left out that it was asked about already."""
        owed = self._peers[origin].owed
        asked = self._own(room for room in rooms if room not in owed)
        owed.update(dict.fromkeys(asked, self._beats))
        return [Signal(None, "ask", {"rooms": asked, "to": origin})] if asked else []

    def _unanswered(self, peer: Peer) -> dict[str, int]:
        """The versions of the rooms that *peer* was asked about more than a beat ago."""
        peer.owed = {room: beat for room, beat in peer.owed.items() if room in self._mine}
        return self._own(room for room, beat in peer.owed.items() if beat < self._beats - 1)
