"""Who was away while a message was deleted, or comes just then, does not keep it."""

from __future__ import annotations

from chat_gateway.chat.deletions import LATELY_SECONDS, TOLD, Deletions
from chatcluster.core.position import Position
from tests.unit.feeds_world import memory_log

ROOM = "tea"


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def reply(*ids: str) -> dict[str, object]:
    return {"room": ROOM, "messages": [{"id": id} for id in ids]}


async def test_who_comes_back_is_told_what_was_deleted_of_what_it_has():
    log = memory_log()
    at = [(await log.append(ROOM, b"x")).position for _ in range(4)]
    for one in (at[3], at[0], at[1]):
        await log.redact(ROOM, one, b"")
    deletions = Deletions(log)
    assert await deletions.up_to(ROOM, at[2]) == [str(at[0]), str(at[1])]
    assert await deletions.up_to(ROOM, Position("old", 3)) == []
    assert await deletions.up_to(ROOM, None) == []


async def test_of_very_many_the_newest_are_told():
    log = memory_log()
    at = [(await log.append(ROOM, b"x")).position for _ in range(TOLD + 5)]
    for one in at:
        await log.redact(ROOM, one, b"")
    assert await Deletions(log).up_to(ROOM, at[-1]) == [str(one) for one in at[5:]]


async def test_without_a_log_nothing_is_known_of_what_was():
    assert await Deletions(None).up_to(ROOM, Position("e", 3)) == []


def test_a_reply_is_as_it_was_where_nothing_was_deleted():
    assert Deletions(None).tell(reply("e-1"), []) == reply("e-1")


def test_a_message_that_was_read_before_it_was_deleted_is_left_out_and_named():
    clock = Clock()
    deletions = Deletions(None, clock=clock)
    deletions.note("e-2")
    told = deletions.tell(reply("e-2", "e-3"), ["e-1"])
    assert told == {**reply("e-3"), "deleted": ["e-1", "e-2"]}
    clock.now += LATELY_SECONDS
    assert deletions.tell(reply("e-2"), []) == reply("e-2")
