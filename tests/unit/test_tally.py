"""When a question to servers that are only counted is over."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatcluster.core.request import Reply
from chatcluster.fanout.adapter.tally import Tally

WHOLE = Reply(("x",))
PART = Reply(("x",), last=False)
ACK = Reply(("ack",), last=False)


def count(clients: int) -> Reply:
    return Reply(clients=clients, last=False)


def tally(others: int) -> Tally:
    subject = Tally()
    subject.asked(others)
    return subject


def test_nobody_there_is_over_at_once() -> None:
    assert tally(0).over


def test_it_is_over_when_all_have_answered() -> None:
    subject = tally(2)
    subject.heard(None, WHOLE)
    assert (subject.over, subject.missing) == (False, 1)
    subject.heard("two", WHOLE)
    assert (subject.over, subject.missing) == (True, 0)


def test_answers_may_come_before_it_is_known_who_was_asked() -> None:
    subject = Tally()
    subject.heard(None, WHOLE)
    assert not subject.over
    subject.asked(1)
    assert subject.over


def test_parts_of_one_server_are_one_answer() -> None:
    subject = tally(2)
    for _ in range(3):
        subject.heard("one", PART)
    subject.heard("two", WHOLE)
    assert (subject.over, subject.missing) == (False, 1)
    subject.heard("one", WHOLE)
    assert subject.over


def test_acknowledgements_are_waited_for_as_many_as_there_are_clients() -> None:
    subject = tally(3)
    for reply in (count(2), ACK, count(0), ACK, count(1)):
        subject.heard(None, reply)
        assert not subject.over
    subject.heard(None, ACK)
    assert (subject.over, subject.missing) == (True, 0)


def test_when_time_is_up_clients_of_node_are_missing_and_not_their_server() -> None:
    """It does not say that it has waited long enough; a gateway does."""
    subject = tally(2)
    subject.heard("node", count(2))
    subject.heard("gateway", count(2), ours=True)
    assert subject.missing == 1
    subject.heard("gateway", Reply(), ours=True)
    assert subject.missing == 0


def test_a_signed_last_word_ends_the_wait_for_acknowledgements() -> None:
    subject = tally(1)
    subject.heard("one", count(5))
    subject.heard("one", ACK)
    assert not subject.over
    subject.heard("one", Reply())
    assert (subject.over, subject.missing) == (True, 0)


@pytest.mark.parametrize("who", ["one", None])
def test_fewer_servers_are_believed_at_the_second_count(who: str | None) -> None:
    subject = tally(2)
    subject.heard(who, WHOLE)
    subject.counted(1, gone=[])
    assert not subject.over
    subject.counted(1, gone=[])
    assert (subject.over, subject.missing) == (True, 1)


def test_servers_that_came_back_between_two_counts_are_waited_for() -> None:
    subject = tally(2)
    for others in (1, 2, 1, 2):
        subject.counted(others, gone=[])
    assert not subject.over


def test_a_server_that_went_after_its_signed_answer_does_not_hide_another() -> None:
    subject = tally(2)
    subject.heard("one", WHOLE)
    for _ in range(3):
        subject.counted(1, gone=["one"])
    assert not subject.over
    subject.heard("two", WHOLE)
    assert (subject.over, subject.missing) == (True, 0)


def test_a_server_that_went_while_its_clients_were_asked_is_missing() -> None:
    subject = tally(1)
    subject.heard("one", count(2))
    subject.counted(0, gone=["one"])
    assert not subject.over
    subject.counted(0, gone=["one"])
    assert (subject.over, subject.missing) == (True, 1)


def test_newcomers_are_no_reason_to_wait() -> None:
    subject = tally(1)
    subject.counted(5, gone=[])
    subject.heard("new", WHOLE)
    subject.heard("one", WHOLE)
    assert (subject.over, subject.missing) == (True, 0)


@given(st.lists(st.integers(0, 3), max_size=6), st.data())
def test_whatever_the_order_all_answers_end_it_and_fewer_do_not(
    clients: list[int], data: st.DataObject
) -> None:
    """Acknowledgements of one server come after its count, and between those of others."""
    steps = [
        (f"server {n}" if n % 2 else None, [count(many), *[ACK] * many])
        for n, many in enumerate(clients)
    ]
    subject = tally(len(clients))
    while any(replies for _, replies in steps):
        assert not subject.over
        who, replies = data.draw(st.sampled_from([step for step in steps if step[1]]))
        subject.heard(who, replies.pop(0))
    assert (subject.over, subject.missing) == (True, 0)
