"""What the patterns of permissions mean."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chat_gateway.access.identity import EVERYTHING, Permissions, Right, stranger
from chat_gateway.access.patterns import matches

signs = st.text("ab*.\\", max_size=12)


@given(signs, st.text("ab.\\", max_size=12))
@example("ab", "ab")
@example("a*", "b")
@example("*a*", "bab")
@example("*a*", "b")
def test_a_star_stands_for_any_characters_and_all_else_for_itself(pattern, name):
    expected = re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name, re.DOTALL)
    assert matches(pattern, name) == (expected is not None)


def test_no_pattern_takes_long():
    began = time.monotonic()
    assert not matches("*a" * 100 + "b", "a" * 100_000)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("right", "room", "given"),
    [
        (Right.JOIN, "tea", True),
        (Right.JOIN, "coffee", False),
        (Right.READ, "tea", True),  # who may join may read
        (Right.READ, "coffee", True),
        (Right.WRITE, "tea", False),
        (Right.WRITE, "", True),  # the lobby
        (Right.CREATE, "team-1", True),
        (Right.CREATE, "team", False),
        (Right.REMOVE, "tea", False),
    ],
)
def test_each_right_has_its_own_patterns(right, room, given):
    permissions = Permissions(join=("tea",), read=("coffee",), write=("",), create=("team-*",))
    assert permissions.may(right, room) is given


@pytest.mark.parametrize(
    ("rooms", "all"), [((), False), (("team-*", ""), False), (("**",), False), (("a", "*"), True)]
)
def test_only_who_moderates_any_room_moderates_the_chat(rooms, all):
    assert Permissions(moderate=rooms).moderates_all is all


@pytest.mark.parametrize("right", Right)
def test_where_nobody_is_asked_everybody_may_do_everything_but_moderate(right):
    assert EVERYTHING.may(right, "any room") is (right is not Right.MODERATE)
    assert EVERYTHING.may(right, "") is (right is not Right.MODERATE)
    assert not EVERYTHING.moderates_all
    somebody = stranger("192.0.2.1")
    assert (somebody.user, somebody.name, somebody.address) == ("", "", "192.0.2.1")
    assert somebody.permissions is EVERYTHING
