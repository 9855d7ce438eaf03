"""Who of the other gateways is taken to be there."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chatcluster.core.peers import BEATS, Peers


def beats(peers: Peers, count: int) -> list[str]:
    return [origin for _ in range(count) for origin in peers.came_back()]


def test_who_beats_is_there() -> None:
    peers = Peers()
    peers.heard("two")
    for _ in range(10):
        assert beats(peers, BEATS) == []
        peers.heard("two")
    assert set(peers.others) == {"two"}


def test_who_misses_three_beats_is_gone() -> None:
    peers = Peers()
    peers.heard("two")
    assert beats(peers, BEATS) == []
    assert beats(peers, 1) == ["two"]
    assert not peers.others


def test_who_says_goodbye_is_gone_at_once() -> None:
    peers = Peers()
    peers.heard("two")
    peers.left("two")
    peers.left("nobody")
    assert not peers.others


def test_nobody_is_missed_while_own_beats_do_not_come_back() -> None:
    """The carrier stands still, or this gateway does; that time passes changes nothing."""
    peers = Peers()
    peers.heard("two")
    assert set(peers.others) == {"two"}


def test_all_are_known_one_beat_after_the_greeting_came_back() -> None:
    peers = Peers()
    assert not peers.all_known
    peers.came_back()
    assert not peers.all_known
    peers.came_back()
    assert peers.all_known
    peers.greet()
    assert not peers.all_known
    beats(peers, 2)
    assert peers.all_known


@given(st.lists(st.sampled_from(["one", "two", "three", "own"])))
def test_exactly_those_are_there_who_were_heard_within_the_last_beats(events: list[str]) -> None:
    peers, gone = Peers(), set()
    for event in events:
        if event == "own":
            gone.update(peers.came_back())
        else:
            peers.heard(event)
            gone.discard(event)
    ages: dict[str, int] = {}
    for position, event in enumerate(events):
        if event != "own":
            ages[event] = events[position:].count("own")
    assert set(peers.others) == {origin for origin, age in ages.items() if age <= BEATS}
    assert gone == ages.keys() - peers.others
