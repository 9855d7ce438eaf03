"""Mode `hub`: which hub a room belongs to, and where it is wanted."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from chatcluster.core.envelope import RoomKey
from chatcluster.core.hashing import choose
from chatcluster.fanout.hub.hubs import Hubs
from chatcluster.fanout.hub.interest import Interest
from chatcluster.fanout.hub.protocol import Delta
from chatcluster.fanout.hub.reach import Reach
from chatcluster.fanout.hub.routes import Placement, order, target, wanted_at

URLS = frozenset({"http://hub-0", "http://hub-1", "http://hub-2", "http://hub-3", "http://hub-4"})
HUBS = Hubs(URLS)
ROOMS = [RoomKey("/", f"room-{number}") for number in range(300)]
keys = st.builds(RoomKey, st.text(max_size=5), st.text(max_size=5))
some_hubs = st.sets(st.sampled_from(sorted(URLS))).map(frozenset)
some_rooms = st.sets(st.sampled_from(ROOMS[:8]))


@given(keys, some_hubs)
def test_what_is_published_finds_who_sees_the_same_hubs(
    key: RoomKey, usable: frozenset[str]
) -> None:
    found = target(key, HUBS, usable)
    assert (found in wanted_at(key, HUBS, usable)) if usable else found is None


@given(keys, some_hubs, st.sampled_from(sorted(URLS)))
def test_what_is_published_finds_who_has_not_noticed_yet_that_a_hub_is_gone(
    key: RoomKey, usable: frozenset[str], gone: str
) -> None:
    found = target(key, HUBS, usable - {gone})
    assert found is None or found in wanted_at(key, HUBS, usable)


@given(keys, some_hubs, some_hubs)
def test_what_is_published_finds_who_can_use_no_more_than_one_hub_besides(
    key: RoomKey, publisher: frozenset[str], receiver: frozenset[str]
) -> None:
    found = target(key, HUBS, publisher)
    if found is not None and len(receiver - publisher) <= 1:
        assert found in wanted_at(key, HUBS, receiver)


@given(keys, some_hubs, st.sampled_from(sorted(URLS)))
def test_a_hubs_death_moves_only_its_own_rooms(
    key: RoomKey, usable: frozenset[str], gone: str
) -> None:
    before = target(key, HUBS, usable)
    assert before == gone or target(key, HUBS, usable - {gone}) == before


@given(keys)
def test_a_rooms_own_hub_is_the_first_of_its_order(key: RoomKey) -> None:
    ordered = order(key, HUBS)
    assert set(ordered) == URLS
    assert target(key, HUBS, URLS) == ordered[0]
    rest = URLS - {ordered[0]}
    name = f"{len(key.namespace)}:{key.namespace}{key.room}"
    assert ordered[:2] == (choose(name, URLS), choose(name, rest))


def test_rooms_spread_over_all_hubs() -> None:
    counts = dict.fromkeys(URLS, 0)
    for key in ROOMS:
        counts[order(key, HUBS)[0]] += 1
    assert min(counts.values()) > len(ROOMS) / len(URLS) / 2


def test_a_namespace_and_a_room_are_not_taken_for_another_pair() -> None:
    orders = {order(RoomKey("/a" * cut, "/a" * (9 - cut)), HUBS) for cut in range(9)}
    assert len(orders) > 1


@given(st.lists(st.one_of(some_rooms, some_hubs)))
def test_what_changes_adds_up_to_what_is_wanted(
    steps: list[set[RoomKey] | frozenset[str]],
) -> None:
    placement = Placement(HUBS)
    rooms: set[RoomKey] = set()
    usable: frozenset[str] = frozenset()
    at: dict[str, set[RoomKey]] = {hub: set() for hub in URLS}
    for step in steps:
        if isinstance(step, frozenset):
            usable = step
            deltas = placement.use(usable)
        else:
            rooms = step
            deltas = placement.want(rooms)
        for hub, delta in deltas.items():
            assert delta.drop <= at[hub]
            assert not delta.add & at[hub]
            at[hub] = (at[hub] - delta.drop) | delta.add
    for hub in URLS:
        assert at[hub] == {key for key in rooms if hub in wanted_at(key, HUBS, usable)}


def delta(add: Iterable[RoomKey] = (), drop: Iterable[RoomKey] = ()) -> Delta:
    return Delta(frozenset(add), frozenset(drop))


def test_a_hub_is_told_what_changed_and_nothing_else() -> None:
    a, b, c = ROOMS[:3]
    interest = Interest(frozenset({a}))
    interest.change(delta({b}))
    assert interest.next_change() == delta({a, b})
    interest.change(delta({c}, {b}))
    assert not interest.has_any({a})
    interest.confirm()
    assert interest.has_any({a})
    assert not interest.in_force
    assert interest.next_change() == delta({c}, {b})
    assert not interest.has_any({b})
    interest.confirm()
    assert interest.in_force
    assert interest.next_change() is None


def test_a_room_that_was_dropped_and_wanted_again_meanwhile_is_no_news() -> None:
    interest = Interest(frozenset({ROOMS[0]}))
    interest.next_change()
    interest.confirm()
    interest.change(delta((), {ROOMS[0]}))
    interest.change(delta({ROOMS[0]}))
    assert interest.next_change() is None
    assert interest.in_force


def test_a_new_connection_begins_with_nothing() -> None:
    interest = Interest(frozenset({ROOMS[0]}))
    interest.change(delta({ROOMS[1]}))
    interest.next_change()
    interest.confirm()
    interest.change(delta((), {ROOMS[1]}))
    interest.forget()
    assert not interest.has_any(ROOMS)
    assert interest.next_change() == delta({ROOMS[0]})


def test_a_hub_that_returned_is_used_when_all_had_time_to_find_it() -> None:
    reach = Reach(grace=2)
    reach.found("a", 0)
    assert reach.usable == {"a"}
    reach.found("b", 1)
    assert reach.up == {"a", "b"}
    assert reach.usable == {"a"}
    assert reach.next_at() == 3
    reach.settle(2.9)
    assert reach.usable == {"a"}
    reach.settle(3)
    assert reach.usable == {"a", "b"}
    assert reach.next_at() is None


def test_a_hub_is_used_at_once_when_there_is_no_other() -> None:
    reach = Reach(grace=2)
    reach.found("a", 0)
    reach.found("b", 1)
    reach.lost("a")
    assert reach.usable == {"b"}
    reach.lost("b")
    assert not reach.up
    assert not reach.usable
    assert reach.next_at() is None
    reach.found("a", 5)
    assert reach.usable == {"a"}


def test_who_starts_uses_every_hub_that_is_there() -> None:
    reach = Reach(grace=2)
    reach.found("a", 0)
    reach.found("b", 0)
    reach.settle_all()
    assert reach.usable == {"a", "b"}
