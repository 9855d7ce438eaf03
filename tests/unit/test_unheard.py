"""What a client that comes back may lack: what others said while gateways were alone."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from chat_gateway.chat.domain import Message
from chat_gateway.chat.unheard import SETTLED_SECONDS, Unheard, unheard
from tests.unit.feeds_world import message

LONG = SETTLED_SECONDS + 1


def said(words: str) -> list[Message]:
    """`1` was taken by gateway 1 while it was alone, `a` when all were joined, `.` is a while."""
    time, messages = 0.0, []
    for word in words:
        time += LONG if word == "." else 1.0
        if word != ".":
            alone = word.isdigit()
            messages.append(replace(message(0), dyno=word, alone=alone, time=time))
    return messages


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param("aaa", ([], True), id="never alone"),
        pytest.param("1111", ([], True), id="a single gateway"),
        pytest.param("12121", ([1, 3], False), id="those of another one"),
        pytest.param("12312", ([0, 2, 3], False), id="those of all others"),
        pytest.param("a.2121", ([1, 3], True), id="not what was before they parted"),
        pytest.param("a.212.1", ([1, 3], True), id="a quiet room"),
        pytest.param("12.a.a", ([], True), id="joined for long"),
        pytest.param("12a", ([0, 1], False), id="not yet made good"),
        pytest.param("a1a2ab", ([1, 2, 3, 4], False), id="what came amid them"),
        pytest.param("2a11", ([0, 1], False), id="also for who has had one of a gateway's own"),
        pytest.param("1", ([], True), id="the first"),
    ],
)
def test_what_a_client_may_lack_that_has_had_the_last(words, expected):
    *older, last = said(words)
    indices, all = expected
    assert unheard(last, older) == Unheard(indices, all)
