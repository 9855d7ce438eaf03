"""Gateways whose fan-out is changed by controllers that may die, over a network that loses,
repeats, delays and reorders orders.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random

from chatcluster.core.switch import Order, StaleError, Switch, Target
from chatcluster.core.switch_plan import Phase, Plan, Report, plan

OLD, NEW, OTHER = Target("hub"), Target("redis"), Target("adapter")


@dataclass(eq=False)
class Node:
    """One life of a gateway; `pace` is that of its clock. It counts from the moment that it has
    carried out what it was to start with.
    """

    name: str
    life: int
    switch: Switch
    pace: float
    works: Callable[[Target], bool]
    counts: bool = False
    since: float = 0.0
    marks: set[tuple[int, str]] = field(default_factory=set)
    history: list[Switch] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._change(self.switch)

    @property
    def origin(self) -> str:
        return f"{self.name}.{self.life}"

    @property
    def hears(self) -> set[int]:
        coming, previous = self.switch.next, self.switch.previous
        heard = {self.switch.epoch}
        if coming is not None and coming.ready:
            heard.add(coming.epoch)
        if previous is not None:
            heard.add(previous.epoch)
        return heard

    def report(self) -> Report:
        marks = frozenset(origin for epoch, origin in self.marks if epoch == self.switch.epoch)
        return Report(self.origin, self.switch, marks, since=self.since)

    def order(self, order: Order) -> None:
        with suppress(StaleError):
            self._change(self.switch.ordered(order))

    def go_on(self) -> bool:
        """Open what is next, and commit when it is due; whether it did."""
        if (coming := self.switch.next) is not None and not coming.ready:
            if self.works(coming.target):
                self._change(self.switch.opened(coming.epoch, coming.target))
            else:
                self._change(self.switch.failed(coming.epoch, coming.target, "no answer"))
        if not self.switch.due:
            return False
        self._change(self.switch.committed())
        self.since = 0.0
        return True

    def _change(self, switch: Switch) -> None:
        if self.history:
            assert switch.epoch >= self.switch.epoch
        assert not (switch.next and switch.previous)
        assert switch.next is None or switch.next.epoch > switch.epoch
        assert switch.previous is None or switch.previous.epoch < switch.epoch
        self.switch = switch
        self.history.append(switch)
        self.counts = self.counts or switch.next is None or switch.next.ready


class World:
    """*late*: orders may come after any time, and not only before those of the next turn."""

    def __init__(self, random: Random, *, late: bool) -> None:
        self.random = random
        self.late = late
        self.start = Switch(0, OLD)  # where gateways that start look
        self.lives = 0
        self.broken: set[str] = set()  # modes that do not work
        self.flaky = True
        self.nodes: dict[str, Node | None] = {}  # None: listed, and silent
        self.orders: list[tuple[str, Order]] = []
        for name in ("a", "b", "c"):
            self.boot(name)

    def boot(self, name: str) -> None:
        self.lives += 1
        pace = self.random.choice((0.5, 1.0, 2.0))
        self.nodes[name] = Node(name, self.lives, self.start, pace, self.works)

    def works(self, target: Target) -> bool:
        return target.mode not in self.broken and not (self.flaky and self.random.random() < 0.03)

    @property
    def live(self) -> list[Node]:
        return [node for node in self.nodes.values() if node is not None]

    def step(self) -> None:
        """Something happens somewhere."""
        what = self.random.random()
        if what < 0.35 and self.orders:
            self.deliver()
        elif what < 0.7:
            self.go_on(self.random.choice(self.live))
        elif what < 0.8:
            for node in self.live:
                node.since += node.pace
        elif what < 0.82:
            self.come_or_go()

    def deliver(self) -> None:
        index = self.random.randrange(len(self.orders))
        name, order = self.orders[index]
        fate = self.random.random()
        if fate < 0.8:
            del self.orders[index]
        if fate > 0.2 and (node := self.nodes.get(name)) is not None:
            node.order(order)

    def go_on(self, node: Node, *, lossy: bool = True) -> None:
        if node.go_on():
            for other in self.live:
                if not (lossy and self.random.random() < 0.2):
                    other.marks.add((node.switch.epoch, node.origin))

    def come_or_go(self) -> None:
        name = self.random.choice("abcde")
        if self.nodes.get(name) is not None:
            if len(self.live) > 1:
                self.nodes[name] = None  # it died, and is still listed
        elif name in self.nodes and self.random.random() < 0.8:
            del self.nodes[name]
        else:
            self.boot(name)

    def deaf(self) -> list[tuple[str, str]]:
        """Who publishes where another one does not listen."""
        counted = [node for node in self.live if node.counts]
        return [
            (one.name, other.name)
            for one in counted
            for other in counted
            if one.switch.epoch not in other.hears
        ]

    def turn(self, wanted: Target) -> Plan:
        """What a controller does, all at once."""
        *_, last = self.turning(wanted)
        return last

    def turning(self, wanted: Target) -> Iterator[Plan]:
        """The same with time between looking, storing where gateways start, and ordering."""
        if not self.late:
            self.orders.clear()
        first = plan(wanted, self.reports())
        yield first
        self.start = first.start
        again = plan(wanted, self.reports())  # who started meanwhile did so elsewhere
        if (again.start, again.phase) == (first.start, first.phase):
            self.orders += again.orders.items()
        yield again

    def reports(self) -> dict[str, Report | None]:
        return {
            name: node.report() if node is not None else None for name, node in self.nodes.items()
        }

    def calm(self, wanted: Target, turns: int) -> Plan:
        """No faults any more; what a controller comes to, which it says to whoever asked for it."""
        self.flaky = False
        for name in [name for name, node in self.nodes.items() if node is None]:
            del self.nodes[name]
        self.deliver_all()
        for _ in range(turns):
            reached = self.turn(wanted)
            self.deliver_all()
            for node in self.live:
                self.go_on(node, lossy=False)
                node.since += 1.0
            if reached.done or reached.phase is Phase.CALLED_OFF:
                break
        return reached

    def deliver_all(self) -> None:
        for name, order in self.random.sample(self.orders, len(self.orders)):
            if (node := self.nodes.get(name)) is not None:
                node.order(order)
        self.orders.clear()
