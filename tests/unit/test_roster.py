"""What a gateway says and concludes about the people in its rooms."""

from __future__ import annotations

import pytest

from chatcluster.core.people import Person, Signal
from chatcluster.core.roster import Roster
from tests.unit.roster_words import ADA, BOB, CY, acquainted, alive, asks, came, names, state


@pytest.fixture
def roster() -> Roster:
    return acquainted()


def test_the_first_in_a_room_asks_who_else_is_there():
    roster = Roster("one", beat_seconds=2.0)
    assert roster.came("tea", ADA) == Signal("tea", "ask", {"rooms": {"tea": 0}})
    assert roster.came("tea", Person("d", "dan", "one")) is None


def test_comings_and_goings_are_told_together_and_numbered():
    roster = Roster("one", beat_seconds=2.0)
    roster.came("tea", ADA)
    roster.came("tea", Person("d", "dan", "one"))
    roster.left("tea", "d")
    assert roster.tell() == [
        Signal("tea", "came", {**came(1, ADA), "left": ["d"]}),
    ]
    roster.left("tea", "a")
    assert roster.tell() == [Signal("tea", "came", came(2, prev=1, left=("a",)))]
    assert roster.tell() == []


def test_a_room_that_was_emptied_begins_at_zero_and_goes_on_counting():
    roster = Roster("one", beat_seconds=2.0)
    roster.came("tea", ADA)
    roster.tell()
    roster.left("tea", "a")
    roster.tell()
    roster.came("tea", ADA)
    assert roster.tell() == [Signal("tea", "came", came(3, ADA))]


def test_leaving_twice_or_without_having_come_tells_nothing(roster):
    roster.left("tea", "nobody")
    roster.left("coffee", "a")
    assert roster.tell() == []
    assert roster.take_changes() == {}


def test_its_own_people_are_told_of_each_other_too(roster):
    dan = Person("d", "dan", "one")
    roster.came("tea", dan)
    assert roster.take_changes()["tea"].joined == {"d": dan}
    roster.left("tea", "d")
    assert roster.take_changes()["tea"].left == {"d"}


def test_people_of_other_gateways_are_seen_and_told(roster):
    assert roster.hear("two", "came", came(5, BOB), 0.0) == []
    assert names(roster) == ["ada", "bob"]
    assert roster.take_changes()["tea"].joined == {"b": BOB}
    assert roster.hear("two", "came", came(6, CY, prev=5, left=("b",)), 0.0) == []
    assert names(roster) == ["ada", "cy"]
    change = roster.take_changes()["tea"]
    assert (change.joined, change.left) == ({"c": CY}, {"b"})
    assert roster.take_changes() == {}


def test_the_last_one_of_a_gateway_leaves_nothing_behind(roster):
    roster.hear("two", "came", came(5, BOB), 0.0)
    roster.hear("two", "came", came(6, prev=5, left=("b", "unknown")), 0.0)
    assert names(roster) == ["ada"]
    assert roster.hear("two", "came", came(9, BOB), 0.0) == []


def test_another_nickname_is_told_as_a_coming(roster):
    roster.hear("two", "came", came(5, BOB), 0.0)
    roster.take_changes()
    roster.hear("two", "came", came(6, BOB._replace(nickname="bobby"), prev=5), 0.0)
    assert names(roster) == ["ada", "bobby"]
    assert roster.take_changes()["tea"].joined["b"].nickname == "bobby"


def test_a_change_after_one_that_was_missed_is_a_question(roster):
    assert roster.hear("two", "came", came(7, CY, prev=6), 0.0) == [asks({"tea": 1})]
    assert names(roster) == ["ada"]
    assert roster.hear("two", "state", state(7, BOB, CY), 0.0) == []
    assert names(roster) == ["ada", "bob", "cy"]


def test_what_is_known_already_changes_nothing(roster):
    roster.hear("two", "state", state(7, BOB, CY), 0.0)
    roster.take_changes()
    assert roster.hear("two", "came", came(7, prev=0, left=("b",)), 0.0) == []
    assert roster.hear("two", "state", state(6, BOB), 0.0) == []
    assert roster.hear("two", "none", {"rooms": ["tea"], "version": 6}, 0.0) == []
    assert names(roster) == ["ada", "bob", "cy"]
    assert roster.take_changes() == {}


def test_a_state_replaces_what_was_known_and_tells_the_difference(roster):
    roster.hear("two", "state", state(7, BOB, CY), 0.0)
    roster.take_changes()
    roster.hear("two", "state", state(9, CY, Person("e", "eve", "two")), 0.0)
    change = roster.take_changes()["tea"]
    assert (set(change.joined), change.left) == ({"e"}, {"b"})
    roster.hear("two", "none", {"rooms": ["tea", "coffee"], "version": 10}, 0.0)
    assert roster.take_changes()["tea"].left == {"c", "e"}


def test_a_room_without_people_here_is_not_followed(roster):
    elsewhere = {"room": "coffee"}
    assert roster.hear("two", "came", came(5, BOB) | elsewhere, 0.0) == []
    assert roster.hear("two", "state", state(5, BOB) | elsewhere, 0.0) == []
    assert roster.hear("two", "alive", alive(2, rooms={"coffee": 5}), 0.0) == []
    assert names(roster, "coffee") == []
    assert roster.take_changes() == {}


def test_the_last_one_here_ends_the_following(roster):
    roster.hear("two", "came", came(5, BOB), 0.0)
    roster.left("tea", "a")
    assert names(roster) == []
    assert roster.take_changes() == {}
    roster.came("tea", ADA)
    assert names(roster) == ["ada"]


def test_a_question_to_everybody_is_answered_where_people_are(roster):
    roster.came("tea", Person("d", "dan", "one"))
    told, answer = roster.hear("two", "ask", {"rooms": {"tea": 0, "coffee": 0}}, 0.0)
    assert told.kind == "came"
    assert answer == Signal("tea", "state", state(2, ADA, Person("d", "dan", "one")))


def test_a_question_to_one_gateway_is_answered_by_it_for_every_room(roster):
    rooms = {"tea": 0, "coffee": 0, "milk": 0}
    assert roster.hear("two", "ask", {"rooms": rooms, "to": "three"}, 0.0) == []
    assert roster.hear("two", "ask", {"rooms": rooms, "to": "one"}, 0.0) == [
        Signal("tea", "state", state(1, ADA)),
        Signal(None, "none", {"rooms": ["coffee", "milk"], "version": 1}),
    ]


def test_whoever_asks_with_another_version_is_asked_back(roster):
    question, answer = roster.hear("two", "ask", {"rooms": {"tea": 4}, "to": "one"}, 0.0)
    assert question == asks({"tea": 1})
    assert answer.kind == "state"


def test_a_gateway_that_is_heard_for_the_first_time_is_asked_about_everything(roster):
    assert roster.hear("three", "came", came(1), 0.0) == [asks({"tea": 1}, "three")]
    assert Roster("idle", 2.0).hear("three", "came", came(1), 0.0) == []


def test_a_sign_of_life_says_what_changed_for_three_beats():
    roster = Roster("one", beat_seconds=2.0)
    roster.came("tea", ADA)
    roster.tell()
    beats = [roster.beat(float(number)).body for number in range(4)]
    assert [beat["beat"] for beat in beats] == [1, 2, 3, 4]
    assert [beat["rooms"] for beat in beats] == [{"tea": 1}] * 3 + [{}]
    assert [beat["new"] for beat in beats] == [["tea"]] * 3 + [[]]
    roster.left("tea", "a")
    roster.tell()
    assert roster.beat(9.0).body["rooms"] == {"tea": 0}


def test_a_room_that_was_left_again_is_not_new():
    roster = Roster("one", beat_seconds=2.0)
    roster.came("tea", ADA)
    roster.left("tea", "a")
    assert roster.beat(0.0).body["new"] == []


def test_a_sign_of_life_with_another_version_is_a_question(roster):
    roster.hear("two", "state", state(7, BOB), 0.0)
    assert roster.hear("two", "alive", alive(2, rooms={"tea": 7}), 0.0) == []
    assert roster.hear("two", "alive", alive(3, rooms={"tea": 8}), 0.0) == [asks({"tea": 1})]
    assert roster.hear("two", "alive", alive(4, rooms={"tea": 8}), 0.0) == []


@pytest.mark.parametrize(("beat", "asked"), [(2, False), (4, False), (5, True)])
def test_more_than_three_missed_signs_of_life_are_a_question_about_everything(roster, beat, asked):
    answers = roster.hear("two", "alive", alive(beat), 0.0)
    assert answers == ([asks({"tea": 1})] if asked else [])


def test_a_newcomer_to_a_room_is_told_of_it_with_the_next_beats(roster):
    for number in range(3):
        roster.beat(float(number))
    assert roster.beat(3.0).body["rooms"] == {}
    roster.hear("two", "alive", alive(2, new=["tea", "coffee"]), 3.0)
    assert [roster.beat(3.0).body["rooms"] for _ in range(4)] == [{"tea": 1}] * 3 + [{}]


def test_a_question_is_repeated_with_every_beat_until_it_is_answered(roster):
    roster.beat(0.0)
    assert roster.hear("two", "came", came(7, CY, prev=6), 0.0) == [asks({"tea": 1})]
    assert roster.beat(0.0).body["asks"] == {}
    for _ in range(2):
        assert roster.beat(0.0).body["asks"] == {"two": {"tea": 1}}
    roster.hear("two", "state", state(7, CY), 0.0)
    assert roster.beat(0.0).body["asks"] == {}


def test_a_question_about_a_room_that_was_left_is_not_repeated(roster):
    roster.hear("two", "came", came(7, CY, prev=6), 0.0)
    roster.left("tea", "a")
    roster.beat(0.0)
    assert roster.beat(0.0).body["asks"] == {}


def test_a_question_in_a_sign_of_life_is_answered(roster):
    body = alive(2, asks={"one": {"tea": 0, "milk": 0}, "three": {"tea": 9}})
    assert [signal.kind for signal in roster.hear("two", "alive", body, 0.0)] == ["state", "none"]


def test_whoever_parts_from_the_others_has_their_people_no_more(roster):
    roster.hear("two", "state", state(4, BOB), 0.0)
    assert list(roster.people("tea")) == [ADA, BOB]
    roster.tell()
    roster.take_changes()
    roster.part()
    assert list(roster.people("tea")) == [ADA]
    assert list(roster.take_changes()["tea"].left) == [BOB.id]
    assert roster.tell() == []
