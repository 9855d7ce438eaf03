"""Which server of a cluster serves a channel."""

from __future__ import annotations

import pytest

from chatcluster.connections.redis_slots import SLOTS, Place, read_slots, slot
from chatcluster.core.errors import FanoutError
from chatcluster.history.port import Retention
from chatcluster.history.redis import RedisRoomLog


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (b"123456789", 12739),  # 0x31C3, the specification's own example
        (b"foo", 12182),
        (b"", 0),
        (b"{user1000}.following", slot(b"user1000")),
        (b"foo{}{bar}", slot(b"foo{}{bar}")),
        (b"foo{{bar}}zap", slot(b"{bar")),
        (b"foo{bar}{zap}", slot(b"bar")),
    ],
)
def test_keys_are_hashed_as_the_specification_has_it(key: bytes, expected: int) -> None:
    assert slot(key) == expected


def test_braces_that_enclose_nothing_are_hashed_with_the_rest() -> None:
    assert slot(b"foo{}{bar}") != slot(b"foo")


ANSWER = [
    [0, 5460, [b"10.0.0.1", 7000, b"id-1", []], [b"10.0.0.4", 7003, b"id-4", []]],
    [5461, 10922, [b"", 7001, b"id-2", []]],
    [10923, 16383, [None, 7002, b"id-3"]],
]


@pytest.mark.parametrize("room", ["", "tea", "{a}{b}", "}{", "100%", "茶"])
async def test_the_keys_of_a_room_are_in_one_slot(room: str) -> None:
    """Of its messages, of those that were redacted, and of what was said once."""
    log = RedisRoomLog("redis://127.0.0.1:1", Retention(), prefix="chat")
    keys, _ = log._next(room, b"", "mine")
    assert len({slot(key) for key in (*keys, *log._all_keys(room))}) == 1


def test_every_slot_has_its_master() -> None:
    masters = read_slots(ANSWER, "asked")
    assert len(masters) == SLOTS
    assert masters[0] == masters[5460] == Place("10.0.0.1", 7000)
    assert masters[5461] == Place("asked", 7001)
    assert masters[16383] == Place("asked", 7002)


def test_a_slot_that_nobody_serves_is_an_error() -> None:
    with pytest.raises(FanoutError, match="5461 slots"):
        read_slots(ANSWER[:1] + ANSWER[1:2], "asked")
