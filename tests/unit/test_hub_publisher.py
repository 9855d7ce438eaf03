"""Mode `hub`: publishers and receivers together, over hubs that come and go."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatcluster.core.envelope import Action, Envelope
from chatcluster.core.errors import FanoutError, MalformedError
from chatcluster.fanout.hub.hubs import Hubs
from chatcluster.fanout.hub.merge import Merge
from chatcluster.fanout.hub.parcel import Carried, Echo, Mark, decode
from chatcluster.fanout.hub.protocol import DATA_BYTES
from chatcluster.fanout.hub.publisher import Publisher, Shipment

HUBS = [f"http://hub-{number}" for number in range(3)]
ALL = frozenset(HUBS)
ROOMS = [f"room-{number}" for number in range(6)]
A_HUB = st.sampled_from(HUBS)


class Tally:
    """A receipt for those who have no event loop."""

    def __init__(self) -> None:
        self.open = 0
        self.errors = 0

    def expect(self) -> None:
        self.open += 1

    def taken(self) -> None:
        self.open -= 1

    def refused(self, error: FanoutError) -> None:
        self.errors += 1


@dataclass
class World:
    """One publisher, three hubs and one receiver that wants every room.

    `coming` is what hubs have not read yet, `going` what the receiver has not read yet.
    """

    publisher: Publisher = field(init=False)
    merge: Merge = field(init=False)
    coming: dict[str, deque[Shipment]] = field(init=False)
    going: dict[str, deque[Shipment]] = field(init=False)
    unacknowledged: dict[str, list[Shipment]] = field(init=False)
    up: set[str] = field(default_factory=lambda: set(HUBS))  # for the publisher
    sequence: int = 0
    received: list[Envelope] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)

    def __post_init__(self) -> None:
        self.coming = {hub: deque() for hub in HUBS}
        self.going = {hub: deque() for hub in HUBS}
        self.unacknowledged = {hub: [] for hub in HUBS}
        self.merge = Merge(HUBS, lambda hub, keys: True, patience=1.0)
        self.publisher = Publisher(Hubs(ALL), self.send)
        self.publisher.use(ALL, ALL)

    def send(self, hub: str, shipment: Shipment) -> None:
        assert hub in self.up
        self.coming[hub].append(shipment)
        self.unacknowledged[hub].append(shipment)

    def publish(self, rooms: set[str]) -> None:
        if self.up:
            self.sequence += 1
            envelope = Envelope("one", self.sequence, "/", Action.EMIT, tuple(sorted(rooms)))
            self.publisher.publish([envelope], cast(Any, self.tally))

    def read(self, hub: str) -> None:
        """The hub takes one shipment."""
        if self.coming[hub]:
            self.going[hub].append(self.coming[hub].popleft())

    def acknowledge(self, hub: str) -> None:
        """The publisher hears of everything that the hub has taken."""
        waiting = len(self.coming[hub])
        taken = len(self.unacknowledged[hub]) - waiting
        for shipment in self.unacknowledged[hub][:taken]:
            shipment.taken()
        del self.unacknowledged[hub][:taken]

    def arrive(self, hub: str) -> None:
        if self.going[hub]:
            parcel = decode(self.going[hub].popleft().item.data)
            assert not isinstance(parcel, Echo)
            self.received += self.merge.arrive(hub, parcel, 0.0)

    def lose(self, hub: str) -> None:
        """The publisher's connection breaks, and with it goes what the hub had not read."""
        if self.up == {hub}:
            return  # nothing would be left: that refuses, which is another test's matter
        self.up.discard(hub)
        shipments, self.unacknowledged[hub] = self.unacknowledged[hub], []
        self.coming[hub].clear()
        self.publisher.use(frozenset(self.up), frozenset(self.up))
        self.publisher.resend(hub, shipments, tried=True)

    def leave(self, hub: str) -> None:
        """As `lose`, but the hub has read everything and said so."""
        while self.coming[hub]:
            self.read(hub)
        self.acknowledge(hub)
        self.lose(hub)

    def find(self, hub: str) -> None:
        """Two seconds after it returned, so nothing that was sent before is still under way."""
        for other in self.up:
            while self.coming[other]:
                self.read(other)
            self.acknowledge(other)
        self.up.add(hub)
        self.publisher.use(frozenset(self.up), frozenset(self.up))

    def finish(self) -> None:
        for hub in HUBS:
            while self.coming[hub]:
                self.read(hub)
            if hub in self.up:
                self.acknowledge(hub)
        for hub in HUBS:
            while self.going[hub]:
                self.arrive(hub)
        self.received += self.merge.look_again(1.0)


def steps(*names: str, rooms: int) -> st.SearchStrategy[list[tuple[str, Any]]]:
    """Of a World; envelopes are for up to *rooms* rooms."""
    wanted = st.sets(st.sampled_from(ROOMS), min_size=1, max_size=rooms)
    publish = st.tuples(st.just("publish"), wanted)
    other = st.tuples(st.sampled_from(["read", "arrive", "acknowledge", *names]), A_HUB)
    return st.lists(st.one_of(publish, other), max_size=60)


def run(its_steps: list[tuple[str, Any]]) -> World:
    world = World()
    for step, argument in its_steps:
        getattr(world, step)(argument)
    world.finish()
    return world


def assert_ordered(world: World) -> None:
    for room in ROOMS:
        sequences = [e.sequence for e in world.received if room in e.rooms]
        assert sequences == sorted(sequences)


@settings(deadline=None)
@given(steps("lose", "find", rooms=3))
def test_nothing_is_lost_or_repeated_while_rooms_move(its_steps: list[tuple[str, Any]]) -> None:
    """As long as the receiver keeps its hubs."""
    world = run(its_steps)
    sequences = [envelope.sequence for envelope in world.received]
    assert sorted(sequences) == list(range(1, world.sequence + 1))
    assert (world.tally.open, world.tally.errors) == (0, 0)
    assert world.merge.next_at() is None


@settings(deadline=None)
@given(steps("lose", "find", rooms=1))
def test_the_order_in_a_room_survives_lost_connections(its_steps: list[tuple[str, Any]]) -> None:
    assert_ordered(run(its_steps))


@settings(deadline=None)
@given(steps("leave", "find", rooms=3))
def test_the_order_in_a_room_survives_moves(its_steps: list[tuple[str, Any]]) -> None:
    """Also for envelopes whose rooms belong to different hubs."""
    assert_ordered(run(its_steps))


def test_with_no_hub_left_what_was_not_acknowledged_is_refused() -> None:
    world = World()
    world.publish({"room-0"})
    world.publisher.use(frozenset(), frozenset())
    for hub in HUBS:
        world.publisher.resend(hub, world.unacknowledged[hub], tried=True)
    assert world.tally.errors == 1
    with pytest.raises(FanoutError):
        world.publish({"room-0"})


def test_what_the_hub_never_saw_is_not_called_a_repeat() -> None:
    world = World()
    world.publish({"room-0"})
    (hub,) = [hub for hub in HUBS if world.coming[hub]]
    shipments = list(world.coming[hub])
    world.up.discard(hub)
    world.publisher.use(frozenset(world.up), frozenset(world.up))
    world.publisher.resend(hub, shipments, tried=False)
    parcels = [decode(s.item.data) for other in world.up for s in world.coming[other]]
    assert [p.again for p in parcels if isinstance(p, Carried)] == [()]


def test_a_room_that_is_named_twice_gets_one_copy() -> None:
    world = World()
    envelope = Envelope("one", 1, "/", Action.EMIT, ("room-0", "room-0"))
    world.publisher.publish([envelope], cast(Any, world.tally))
    (shipment,) = [shipment for hub in HUBS for shipment in world.coming[hub]]
    assert shipment.item.rooms == ("room-0",)


def test_all_is_refused_when_one_envelope_cannot_be_sent() -> None:
    world = World()
    good = Envelope("one", 1, "/", Action.EMIT, ("a",))
    for bad in (object(), b"x" * DATA_BYTES):
        with pytest.raises(MalformedError):
            world.publisher.publish(
                [good, Envelope("one", 2, "/", Action.EMIT, ("a",), args=(bad,))],
                cast(Any, world.tally),
            )
    assert not any(world.coming.values())


def test_a_single_hub_needs_no_marks() -> None:
    sent: list[Shipment] = []
    publisher = Publisher(
        Hubs(frozenset({"http://hub"})), lambda hub, shipment: sent.append(shipment)
    )
    publisher.use({"http://hub"}, {"http://hub"})
    publisher.publish([Envelope("one", 1, "/", Action.EMIT)], cast(Any, Tally()))
    publisher.use(frozenset(), frozenset())
    publisher.use({"http://hub"}, {"http://hub"})
    assert not [s for s in sent if isinstance(decode(s.item.data), Mark)]
