"""What every room log promises."""

from __future__ import annotations

import asyncio

import pytest

from chatcluster.core.errors import HistoryError
from chatcluster.core.position import Position
from chatcluster.history.port import Retention, RoomLog
from tests.contract.logs import fill, offsets

NAMES = [
    "",
    "%",
    "{}",
    "}{",
    "a}b",
    "{a",
    "a:meta",
    "tea time",
    "*?[",
    "茶室 🍵",
    "\x00\n",
    "\ud800",
]


async def test_offsets_count_from_one_within_an_epoch(log):
    first, second = await fill(log, "tea", 2)
    assert (first.position.offset, second.position.offset) == (1, 2)
    assert first.position.epoch == second.position.epoch
    assert Position.parse(str(first.position)) == first.position


async def test_an_empty_room_has_the_epoch_of_its_first_message(log):
    """Who joined an empty room gets all that came since."""
    head = await log.head("tea")
    assert head.offset == 0
    (entry,) = await fill(log, "tea", 1)
    part = await log.since("tea", head, 10)
    assert (part.entries, part.head, part.complete) == ((entry,), entry.position, True)


@pytest.mark.parametrize("look", ["since", "before"])
async def test_looking_at_an_empty_room_tells_the_epoch_too(log, look):
    if look == "since":
        part = await log.since("tea", Position("elsewhere", 3), 10)
    else:
        part = await log.before("tea", None, 10)
    assert part.entries == ()
    assert part.complete is (look == "before")
    assert (await log.append("tea", b"hi")).position == Position(part.head.epoch, 1)


async def test_since_gives_the_first_ones_after_a_position(log):
    entries = await fill(log, "tea", 10)
    part = await log.since("tea", entries[3].position, 3)
    assert part.entries == tuple(entries[4:7])
    assert (part.head, part.complete) == (entries[-1].position, True)


async def test_nothing_is_missing_after_the_last_one(log):
    entries = await fill(log, "tea", 3)
    part = await log.since("tea", entries[-1].position, 10)
    assert (part.entries, part.complete) == ((), True)


@pytest.mark.parametrize(("epoch", "offset"), [("old", 2), (None, 6), (None, 10**15 - 1)])
async def test_since_a_position_that_is_not_of_this_log_gives_the_newest(log, epoch, offset):
    entries = await fill(log, "tea", 5)
    after = Position(epoch or entries[0].position.epoch, offset)
    part = await log.since("tea", after, 2)
    assert (part.entries, part.complete) == (tuple(entries[3:]), False)
    assert len((await log.before("tea", after, 10)).entries) == (0 if epoch else 5)


async def test_before_pages_back_to_the_beginning(log):
    entries = await fill(log, "tea", 7)
    pages, before, complete = [], None, False
    while not complete:
        part = await log.before("tea", before, 3)
        pages.append(part.entries)
        before, complete = part.entries[0].position, part.complete
    assert pages == [tuple(entries[4:]), tuple(entries[1:4]), tuple(entries[:1])]


async def test_before_is_complete_when_the_page_ends_with_the_oldest(log):
    entries = await fill(log, "tea", 4)
    assert (await log.before("tea", None, 4)).complete
    assert (await log.before("tea", entries[2].position, 2)).complete
    assert (await log.before("tea", entries[0].position, 2)).complete
    assert not (await log.before("tea", None, 3)).complete


async def test_before_a_position_of_another_epoch_finds_none(log):
    await fill(log, "tea", 4)
    assert (await log.before("tea", Position("old", 3), 10)).entries == ()


async def test_a_limit_of_zero_gives_the_head_alone(log):
    entries = await fill(log, "tea", 2)
    for part in (
        await log.before("tea", None, 0),
        await log.since("tea", entries[0].position, 0),
    ):
        assert (part.entries, part.head) == ((), entries[-1].position)


async def test_a_dropped_room_begins_another_epoch(log):
    last = (await fill(log, "tea", 3))[-1].position
    await log.drop("tea")
    assert await log.heads(["tea"]) == {}
    part = await log.since("tea", last, 10)
    assert (part.entries, part.complete) == ((), False)
    again = await log.append("tea", b"again")
    assert again.position.offset == 1
    assert again.position.epoch == part.head.epoch != last.epoch


async def test_heads_leaves_out_rooms_without_a_log(log):
    tea = (await fill(log, "tea", 2))[-1].position
    empty = await log.head("empty")
    assert await log.heads(["tea", "nowhere", "empty"]) == {"tea": tea, "empty": empty}
    assert await log.heads(["nowhere"]) == {}
    assert await log.heads([]) == {}


async def test_any_name_is_a_room_of_its_own(log):
    for name in NAMES:
        await log.append(name, name.encode("utf-8", "surrogatepass"))
    for name in NAMES:
        (entry,) = (await log.before(name, None, 10)).entries
        assert entry.body == name.encode("utf-8", "surrogatepass")
    assert len(await log.heads(NAMES)) == len(NAMES)


@pytest.mark.parametrize("body", [b"", bytes(range(256)), "Grüße 🍵".encode(), b"x" * 2**20])
async def test_a_body_comes_back_as_it_was(log, body):
    await log.append("tea", body)
    (entry,) = (await log.before("tea", None, 1)).entries
    assert entry.body == body


async def test_offsets_have_no_gaps_however_many_append_at_once(opener):
    """25 writers on each of two gateways: each message is where its writer was told."""
    one = await opener(Retention())
    other = await opener(Retention()) if one.shared else one
    told: dict[Position, bytes] = {}

    async def write(log: RoomLog, writer: str) -> None:
        for number in range(10):
            body = f"{writer} {number}".encode()
            told[(await log.append("tea", body)).position] = body

    gateways = [(one, f"one {n}") for n in range(25)] + [(other, f"other {n}") for n in range(25)]
    await asyncio.gather(*(write(log, writer) for log, writer in gateways))
    part = await other.before("tea", None, 1000)
    assert offsets(part) == list(range(1, 501))
    assert {entry.position: entry.body for entry in part.entries} == told


async def test_a_slice_is_a_snapshot(log):
    """While others write, the head is never behind the entries, and nothing up to it is missing."""

    async def write() -> None:
        await fill(log, "tea", 200)

    start = await log.head("tea")
    writing = asyncio.create_task(write())
    while not writing.done():
        part = await log.since("tea", start, 1000)
        assert offsets(part) == list(range(1, part.head.offset + 1))
        await asyncio.sleep(0)
    await writing


async def test_a_log_that_takes_messages_passes_the_check(log):
    await log.check()


async def test_a_closed_log_refuses(log):
    await log.close()
    for ask in (log.append("tea", b"late"), log.before("tea", None, 1), log.check()):
        with pytest.raises(HistoryError):
            await ask
