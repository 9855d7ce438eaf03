"""Envelopes whose position the store gives."""

from __future__ import annotations

import pytest

from chatcluster.core.append import Append, Row, Unstored, for_store, without_unstored
from chatcluster.core.envelope import Action, Envelope
from chatcluster.core.position import Position

SERVER = "one server"
PLACE, AT = Position("f" * 16, 0), Position("epoch", 7)


def append() -> Append:
    return Append(b"return 1", b"sha", [b"key"], [b"arg"], PLACE, SERVER)


def unstored(how: Append, number: int = 1) -> Unstored:
    said = {"id": str(PLACE), "text": "hello"}
    envelope = Envelope(
        "one", number, "/", Action.EMIT, ("a",), (), "chat message", (said, "plain"), position=PLACE
    )
    return Unstored.of(envelope, how)


def test_the_position_takes_the_place_that_was_kept_for_it_and_nothing_else_changes():
    how = append()
    how.position = AT
    stored = unstored(how).stored()
    assert stored is not None
    assert (stored.position, stored.rooms, stored.sequence) == (AT, ("a",), 1)
    assert stored.args == ({"id": str(AT), "text": "hello"}, "plain")


def test_what_has_no_position_and_what_was_published_before_is_no_envelope():
    how = append()
    assert unstored(how).stored() is None
    how.position, how.repeated = AT, True
    assert unstored(how).stored() is None
    assert Unstored("one", 1, "/", Action.EMIT).stored() is None


def test_who_cannot_store_is_given_what_is_stored_in_its_order():
    known, kept, new = append(), append(), append()
    known.position = kept.position = AT
    kept.repeated = True
    plain = Envelope("one", 9, "/", Action.EMIT)
    numbers = [one.sequence for one in without_unstored([unstored(known, 1), unstored(new, 2)])]
    assert numbers == [1]
    assert without_unstored([unstored(kept), plain]) == [plain]
    only = [plain]
    assert without_unstored(only) is only


def test_what_is_behind_a_message_that_was_left_out_is_left_out_too():
    first, second, other = append(), append(), append()
    first.row = second.row = Row()
    plain = Envelope("one", 9, "/", Action.EMIT)
    behind = [unstored(second), plain, unstored(other, 3), Unstored("one", 4, "/", Action.EMIT)]
    assert for_store(behind, SERVER) is behind
    assert without_unstored([unstored(first)]) == []
    assert for_store(behind, SERVER) == behind[1:]


def test_what_belongs_to_another_server_is_left_out_and_so_is_what_is_behind_it():
    first, second = append(), append()
    first.row = second.row = Row()
    first.server = "another server"
    assert for_store([unstored(first), unstored(second)], SERVER) == []
    assert for_store([unstored(append())], None) == []


def test_what_was_sent_and_not_answered_holds_nothing_up():
    first, second = append(), append()
    first.row = second.row = Row()
    first.sent = True
    assert without_unstored([unstored(first)]) == []
    assert second.may_be_sent


@pytest.mark.parametrize("position", [AT, None])
def test_who_waits_for_its_end_is_told_once(position: Position | None):
    told: list[Append] = []
    how = append()
    how.end()
    how.ended = told.append
    how.position = position
    how.end()
    assert told == [how]
