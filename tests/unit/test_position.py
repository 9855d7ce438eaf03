"""Positions as text: what clients keep and give back."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatcluster.core.errors import MalformedError
from chatcluster.core.ids import epoch_id
from chatcluster.core.position import Position


@given(epoch=st.binary(min_size=4, max_size=4), offset=st.integers(0, 10**15 - 1))
def test_a_position_is_read_back_as_it_was(epoch, offset):
    position = Position(epoch_id(lambda size: epoch[:size]), offset)
    assert Position.parse(str(position)) == position


def test_a_position_reads_as_in_the_documentation():
    assert str(Position("9f86d081", 42)) == "9f86d081-42"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "a-",
        "-1",
        "a-b",
        "a--1",
        "a-1-1",
        "a b-1",
        "a-1 ",
        " a-1",
        "a-1\n",
        "a-1.0",
        "ä-1",
        "a-²",
        "a-\u0661",
        "a" * 33 + "-1",
        "a-" + "1" * 16,
    ],
)
def test_other_texts_are_no_positions(text):
    with pytest.raises(MalformedError, match="is not a position"):
        Position.parse(text)


def test_the_longest_position_can_be_counted_by_javascript():
    assert Position.parse("a" * 32 + "-" + "9" * 15).offset < 2**53


@given(st.text())
def test_any_text_is_a_position_or_refused(text):
    with suppress(MalformedError):
        position = Position.parse(text)
        assert Position.parse(str(position)) == position


def test_a_long_text_is_not_quoted_in_full():
    with pytest.raises(MalformedError) as caught:
        Position.parse("x" * 10_000)
    assert len(str(caught.value)) < 200
