"""The hub's relay: who gets what."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chat_hub.relay import Limits, Relay
from chatcluster.core.envelope import RoomKey
from chatcluster.fanout.hub.protocol import Delta, Item

NONE: frozenset[RoomKey] = frozenset()


def item(data: bytes, *rooms: str, namespace: str = "/") -> Item:
    return Item(namespace, rooms, data)


def keys(*rooms: str) -> frozenset[RoomKey]:
    return frozenset(RoomKey("/", room) for room in rooms)


def relay(limits: Limits | None = None, **wanted: str) -> Relay:
    """With a gateway for each of *wanted*, whose rooms are the letters."""
    made = Relay(limits)
    for gateway, rooms in wanted.items():
        made.enter(gateway)
        made.want(gateway, Delta(keys(*rooms), NONE))
    return made


def sent(made: Relay, gateway: str) -> list[bytes]:
    return [data for batch in made.batches(gateway) for data in batch]


def test_an_item_goes_to_those_who_want_its_room() -> None:
    made = relay(one="a", two="b", three="ab")
    assert made.relay([item(b"1", "a")]) == ({"one", "three"}, set())
    assert [sent(made, name) for name in ("one", "two", "three")] == [[b"1"], [], [b"1"]]


def test_an_item_for_several_rooms_goes_once_to_each() -> None:
    made = relay(one="a", two="b", three="ab", four="c")
    assert made.relay([item(b"1", "a", "b")])[0] == {"one", "two", "three"}
    assert [sent(made, name) for name in ("one", "three", "four")] == [[b"1"], [b"1"], []]


def test_namespaces_are_apart() -> None:
    made = relay(one="a")
    assert made.relay([item(b"1", "a", namespace="/chat")]) == (set(), set())


def test_a_room_that_is_no_longer_wanted_is_silent() -> None:
    made = relay(one="ab", two="a")
    made.want("one", Delta(NONE, keys("a")))
    made.relay([item(b"1", "a"), item(b"2", "b")])
    assert (sent(made, "one"), sent(made, "two")) == ([b"2"], [b"1"])
    assert made.rooms == 2


def test_to_drop_what_was_not_wanted_changes_nothing() -> None:
    made = relay(one="a")
    made.want("one", Delta(NONE, keys("b")))
    assert made.rooms == 1


def test_who_has_left_gets_nothing_and_leaves_nothing() -> None:
    made = relay(one="a", two="a")
    made.relay([item(b"1", "a")])
    made.leave("one")
    assert (made.gateways, made.rooms, sent(made, "one"), sent(made, "two")) == (1, 1, [], [b"1"])
    made.leave("two")
    assert (made.gateways, made.rooms) == (0, 0)


def test_who_has_left_can_still_be_heard_of() -> None:
    """Its events may be on their way while its connection ends."""
    made = relay(one="a")
    made.leave("one")
    made.leave("one")
    made.want("one", Delta(keys("a"), NONE))
    made.acknowledged("one")
    assert made.relay([item(b"1", "a")]) == (set(), set())
    assert made.idle


def test_what_waits_leaves_in_batches() -> None:
    made = relay(Limits(batch_bytes=10), one="a")
    made.relay([item(b"1234", "a"), item(b"5678", "a"), item(b"90", "a"), item(b"x" * 20, "a")])
    assert list(made.batches("one")) == [[b"1234", b"5678", b"90"], [b"x" * 20]]


def test_more_leaves_when_what_is_under_way_has_arrived() -> None:
    made = relay(Limits(batch_bytes=1, under_way=2), one="a")
    made.relay([item(bytes([number]), "a") for number in range(4)])
    assert sent(made, "one") == [b"\0", b"\1"]
    assert sent(made, "one") == []
    made.acknowledged("one")
    assert sent(made, "one") == [b"\2"]


def test_a_gateway_that_does_not_read_is_too_slow_when_too_much_waits_for_it() -> None:
    made = relay(Limits(batch_bytes=4, under_way=1, queue_bytes=8), one="a", two="a")
    for _ in range(3):
        _, slow = made.relay([item(b"1234", "a")])
        assert not slow
        assert len(sent(made, "two")) == 1
        made.acknowledged("two")
        list(made.batches("one"))
    assert made.relay([item(b"1234", "a")]) == ({"one", "two"}, {"one"})


def test_it_is_idle_when_everything_has_arrived() -> None:
    made = relay(one="a")
    states = [made.idle]
    made.relay([item(b"1", "a")])
    states.append(made.idle)
    list(made.batches("one"))
    states.append(made.idle)
    made.acknowledged("one")
    made.acknowledged("one")  # one too many does no harm
    assert [*states, made.idle] == [True, False, False, True]


def test_it_counts_what_it_took() -> None:
    made = relay(one="a", two="a")
    made.relay([item(b"12", "a"), item(b"345", "nobody")])
    assert (made.relayed, made.relayed_bytes) == (2, 5)


ROOMS = st.sets(st.sampled_from("abcd"))
CHANGES = st.tuples(st.just("want"), st.sampled_from(["one", "two", "three"]), ROOMS, ROOMS)
ITEMS = st.tuples(st.just("item"), st.lists(st.sampled_from("abcd"), max_size=3))


@given(st.lists(st.one_of(CHANGES, ITEMS)))
def test_each_gateway_gets_what_it_wants_once_and_in_order(
    steps: list[tuple[object, ...]],
) -> None:
    made = relay(one="", two="", three="")
    wanted: dict[str, set[str]] = {"one": set(), "two": set(), "three": set()}
    expected: dict[str, list[bytes]] = {name: [] for name in wanted}
    for number, step in enumerate(steps):
        match step:
            case ("want", str(gateway), set(add), set(drop)):
                made.want(gateway, Delta(keys(*add), keys(*(drop - add))))
                wanted[gateway] = (wanted[gateway] - drop) | add
            case ("item", list(rooms)):
                data = str(number).encode()
                made.relay([item(data, *rooms)])
                for name, its in wanted.items():
                    if its & set(rooms):
                        expected[name].append(data)
    assert {name: sent(made, name) for name in wanted} == expected
