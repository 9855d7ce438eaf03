"""Gateways with rosters on a carrier that loses and delays, and their clients' lists of people."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from chatcluster.core.people import Person, Signal
from chatcluster.core.roster import Roster

ROOMS = ("", "tea", "coffee")
STEP = 0.1  # beats


@dataclass
class Node:
    """One gateway: its roster, who really is here, and what a client in each room has been told."""

    name: str
    phase: float
    people: dict[str, dict[str, Person]] = field(default_factory=dict)
    lists: dict[str, dict[str, Person]] = field(default_factory=dict)
    paused: bool = False
    born: int = 0

    def __post_init__(self) -> None:
        self.roster = Roster(self.name, 1.0)

    def came(self, room: str, person: Person) -> list[Signal]:
        self.people.setdefault(room, {})[person.id] = person
        question = self.roster.came(room, person)
        if room not in self.lists:
            self.lists[room] = {one.id: one for one in self.roster.people(room)}
        return [question] if question else []

    def left(self, room: str, id: str) -> None:
        del self.people[room][id]
        self.roster.left(room, id)
        if not self.people[room]:
            del self.people[room], self.lists[room]

    def tell_clients(self) -> None:
        for room, change in self.roster.take_changes().items():
            assert change.joined.keys().isdisjoint(change.left)
            shown = self.lists[room]
            shown.update(change.joined)
            for id in change.left:
                shown.pop(id, None)


class World:
    """A step is a tenth of a beat; everything that happens in it is decided by *random*."""

    def __init__(self, random: Random, count: int) -> None:
        self.random = random
        self.now = 0.0
        self.loss = 0.3
        self.names = 0
        self.nodes = [self.node() for _ in range(count)]
        self._arrivals: list[tuple[float, int, str, Node, Signal]] = []
        self._latest: dict[tuple[str, str | None, str], float] = {}
        self._sent = 0

    def node(self) -> Node:
        self.names += 1
        return Node(f"g{self.names}", phase=self.random.random())

    def run(self, beats: float, *, churn: float = 0.0) -> None:
        for _ in range(round(beats / STEP)):
            self.now += STEP
            if self.random.random() < churn:
                self.happen()
            self.deliver()
            for node in self.nodes:
                if not node.paused:
                    self.work(node)

    def work(self, node: Node) -> None:
        if self.random.random() < 0.5:
            self.send(node, node.roster.tell())
            node.tell_clients()
        if (self.now + node.phase) % 1.0 < STEP:
            self.send(node, [node.roster.beat(self.now)])

    def happen(self) -> None:
        node = self.random.choice(self.nodes)
        if self.random.random() < 0.1:
            self.disturb(node)
        elif not node.paused:
            self.move(node)

    def move(self, node: Node) -> None:
        """Somebody comes, leaves or takes another nickname."""
        room = self.random.choice(ROOMS)
        here = list(node.people.get(room, ()))
        if here and self.random.random() < 0.5:
            node.left(room, self.random.choice(here))
            return
        node.born += 1
        id = self.random.choice([*here, f"{node.name}.{node.born}"])
        self.send(node, node.came(room, Person(id, f"nick {node.born}", node.name)))

    def disturb(self, node: Node) -> None:
        what = self.random.choice(["restart", "leave", "pause", "resume", "interrupt"])
        if what in ("restart", "leave"):
            if what == "leave":
                self.send(node, [Signal(None, "bye", {})])
            self.nodes[self.nodes.index(node)] = self.node()
        elif what == "interrupt":
            self.send(node, node.roster.interrupted())
        else:
            node.paused = what == "pause"

    def calm(self) -> None:
        """From now on nothing is lost and nobody is paused."""
        self.loss = 0.0
        for node in self.nodes:
            node.paused = False

    def send(self, node: Node, signals: list[Signal]) -> None:
        for signal in signals:
            for other in self.nodes:
                if self.random.random() >= self.loss and other is not node:
                    self._carry(node.name, other, signal)

    def _carry(self, origin: str, to: Node, signal: Signal) -> None:
        """In order for one origin and room."""
        way = (origin, signal.room, to.name)
        at = max(self._latest.get(way, 0.0), self.now + self.random.random() * 0.5)
        self._latest[way] = at
        self._sent += 1
        self._arrivals.append((at, self._sent, origin, to, signal))

    def deliver(self) -> None:
        due = sorted(one for one in self._arrivals if one[0] <= self.now and not one[3].paused)
        self._arrivals = [one for one in self._arrivals if one[0] > self.now or one[3].paused]
        for _, _, origin, node, signal in due:
            if signal.room is None or signal.room in node.people:
                heard = node.roster.hear(origin, signal.kind, signal.body, self.now)
                self.send(node, heard)

    def check(self) -> None:
        """Everybody sees the people of all, and so do their clients."""
        for room in ROOMS:
            truth = {
                id: one for node in self.nodes for id, one in node.people.get(room, {}).items()
            }
            for node in self.nodes:
                if room in node.people:
                    node.tell_clients()
                    seen = list(node.roster.people(room))
                    assert len(seen) == len(truth) == node.roster.count(room)
                    assert {one.id: one for one in seen} == truth
                    assert node.lists[room] == truth
