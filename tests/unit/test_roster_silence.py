"""When other gateways are gone, and what a carrier's interruption or a stranger's words do."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatcluster.core.people import Signal
from chatcluster.core.roster import Roster
from tests.unit.roster_words import ADA, BOB, acquainted, alive, came, names, state

KINDS = st.sampled_from(["ask", "alive", "came", "state", "none", "bye", "unheard of"])
BODY = ["room", "rooms", "prev", "version", "joined", "left", "people", "to", "beat", "new", "asks"]
FIELDS = st.sampled_from([*BODY, "tea", "one"])
VALUES = st.recursive(
    st.none() | st.integers() | st.sampled_from(["tea", "one", "x"]) | st.binary(max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=5),
    max_leaves=8,
)


@pytest.fixture
def roster() -> Roster:
    return acquainted()


@pytest.mark.parametrize(("after", "there"), [(6.0, True), (6.1, False)])
def test_a_gateway_that_was_silent_for_three_beats_is_gone(roster, after, there):
    roster.hear("two", "came", came(5, BOB), 10.0)
    roster.take_changes()
    roster.beat(10.0 + after)
    assert names(roster) == (["ada", "bob"] if there else ["ada"])
    changes = roster.take_changes()
    assert changes == {} if there else changes["tea"].left == {"b"}


def test_any_signal_is_a_sign_of_life(roster):
    roster.hear("two", "came", came(5, BOB), 0.0)
    roster.hear("two", "ask", {"rooms": {}, "to": "three"}, 6.0)
    roster.beat(12.0)
    assert names(roster) == ["ada", "bob"]


def test_a_goodbye_takes_the_gateways_people_away_at_once(roster):
    roster.hear("two", "came", came(5, BOB), 0.0)
    roster.take_changes()
    assert roster.hear("two", "bye", {}, 0.0) == []
    assert names(roster) == ["ada"]
    assert roster.take_changes()["tea"].left == {"b"}
    assert roster.hear("two", "alive", alive(9), 0.0)[0].kind == "ask"


def test_a_goodbye_of_a_stranger_changes_nothing(roster):
    roster.hear("three", "bye", {}, 0.0)
    assert roster.take_changes() == {}


def test_its_own_signals_tell_a_gateway_nothing(roster):
    assert roster.hear("one", "state", state(9, BOB), 0.0) == []
    assert roster.hear("one", "bye", {}, 0.0) == []
    assert names(roster) == ["ada"]


def test_after_an_interruption_everybody_is_asked_and_told_again(roster):
    for number in range(4):
        roster.beat(float(number))
    assert roster.interrupted() == [Signal(None, "ask", {"rooms": {"tea": 1}})]
    assert roster.beat(5.0).body["rooms"] == {"tea": 1}
    assert Roster("idle", 2.0).interrupted() == []


def test_an_unknown_kind_is_a_sign_of_life_and_nothing_else(roster):
    assert roster.hear("two", "dance", "?", 0.0) == []


@given(kind=KINDS, body=VALUES | st.dictionaries(FIELDS, VALUES))
def test_a_body_of_another_form_raises_what_is_said_and_harms_nobody(kind, body):
    gateway = Roster("one", beat_seconds=2.0)
    gateway.came("tea", ADA)
    gateway.tell()
    with suppress(LookupError, TypeError, ValueError):
        gateway.hear("two", kind, body, 0.0)
    gateway.take_changes()
    gateway.beat(1.0)
    gateway.beat(100.0)
    assert names(gateway) == ["ada"]
    assert gateway.hear("two", "alive", alive(1), 100.0)[0].kind == "ask"
