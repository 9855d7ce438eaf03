"""A deleted message keeps its place in the log, and nobody gets it any more."""

from __future__ import annotations

from typing import Any
from unittest.mock import AsyncMock, Mock

import pytest

from chat_gateway.chat.audience import Audience
from chat_gateway.chat.domain import Message
from chat_gateway.chat.feeds import Feeds
from chat_gateway.chat.joining import Joining, shown
from chat_gateway.chat.service import ChatService
from chat_gateway.moderation.deleting import Deleting
from chat_gateway.moderation.whom import Whom
from chatcluster.core.errors import Refused
from chatcluster.core.position import Position
from chatcluster.history.memory import MemoryDirectory
from chatcluster.history.port import RoomLog
from tests.unit.feeds_world import memory_log

ROOM = "tea"


async def at_once(room: str) -> None:
    """The room's messages come here already."""


class World:
    """A chat whose fan-out remembers what it was given."""

    def __init__(self, log: RoomLog | None) -> None:
        self.manager = Mock(publish=AsyncMock())
        self.manager.envelope = lambda namespace, action, **fields: fields
        self.service = ChatService(
            self.manager,
            MemoryDirectory(10),
            log,
            Audience(Mock()),
            dyno="one",
            random_bytes=bytes,
            alone=lambda: False,
        )
        self.deleting = Deleting(self.service)
        self.log = log

    async def said(self, *texts: str) -> list[str]:
        """The ids."""
        assert self.log is not None
        messages = [Message(ROOM, "ada", text, 1.0, "one") for text in texts]
        return [str((await self.log.append(ROOM, one.encode())).position) for one in messages]

    @property
    def told(self) -> list[Any]:
        """What clients are told."""
        return [call.args[0] for call in self.manager.publish.await_args_list]


@pytest.fixture
def world() -> World:
    return World(memory_log())


def texts(page: tuple[list[tuple[str, Message]], bool]) -> tuple[list[str], bool]:
    return [message.text for _, message in page[0]], page[1]


async def test_a_deleted_message_is_not_in_the_history(world):
    ids = await world.said("a", "b", "c")
    assert await world.deleting.delete(ROOM, ids[1]) == (True, Whom("", "", "ada"))
    assert texts(await world.service.read(ROOM, None, 10)) == (["a", "c"], True)
    assert [fields["args"] for fields in world.told] == [
        ({"room": ROOM, "id": ids[1], "message": None},)
    ]


async def test_a_page_is_empty_only_where_nothing_older_is_left(world):
    ids = await world.said("a", "b", "c", "d", "e")
    for id in ids[1:4]:
        await world.deleting.delete(ROOM, id)
    newest = await world.service.read(ROOM, None, 1)
    assert texts(newest) == (["e"], False)
    assert texts(await world.service.read(ROOM, Position.parse(ids[4]), 1)) == (["a"], True)
    await world.deleting.delete(ROOM, ids[0])
    assert texts(await world.service.read(ROOM, Position.parse(ids[4]), 2)) == ([], True)


async def test_to_delete_again_changes_nothing_and_tells_again(world):
    (id,) = await world.said("a")
    await world.deleting.delete(ROOM, id)
    assert await world.deleting.delete(ROOM, id) == (False, Whom("", ""))
    assert len(world.told) == 2


@pytest.mark.parametrize("id", ["", "x", "old-1", "{epoch}-0", "{epoch}-2", "{epoch}--1"])
async def test_a_message_that_the_log_does_not_have_is_refused(world, id):
    (there,) = await world.said("a")
    epoch = Position.parse(there).epoch
    with pytest.raises(Refused) as caught:
        await world.deleting.delete(ROOM, id.format(epoch=epoch))
    assert caught.value.code.name == "unknown_message"
    assert world.told == []
    assert texts(await world.service.read(ROOM, None, 10)) == (["a"], True)


async def test_without_a_log_those_who_have_the_message_are_told():
    world = World(None)
    assert await world.deleting.delete("", "any id") == (True, Whom("", ""))
    assert [fields["args"] for fields in world.told] == [({"id": "any id", "message": None},)]


async def test_who_missed_a_deleted_message_gets_the_others_and_misses_nothing(world):
    log = world.log
    feeds = Feeds(log, Mock(), subscribed=at_once, alone=lambda: False, kept=100)
    first, second, third = await world.said("a", "b", "c")
    await world.deleting.delete(ROOM, second)
    joining = Joining(log, feeds, recent=10, limit=10, budget=10_000)
    feeds.hold(ROOM)
    reply: Any = shown(await joining.missed(ROOM, Position.parse(first), None), ROOM)
    assert [one["id"] for one in reply["messages"]] == [third]
    assert (reply["position"], reply["complete"]) == (third, True)
    feeds.release(ROOM)
    await feeds.stop()


async def test_a_gap_that_is_filled_with_a_deleted_message_gives_out_the_rest(world):
    out = Mock()
    service = world.service
    service.out_chat = out
    feeds = Feeds(
        world.log,
        lambda room, at, message, had: service.out(room, str(at), message, had),
        subscribed=at_once,
        alone=lambda: False,
        kept=100,
    )
    feeds.hold(ROOM)
    await feeds.started(ROOM)
    _, second, _ = await world.said("a", "b", "c")
    await world.deleting.delete(ROOM, second)
    await feeds.catch_up(ROOM)
    assert [call.args[1]["message"] for call in out.call_args_list] == ["a", "c"]
    assert str(feeds.position(ROOM)).endswith("-3")
    feeds.release(ROOM)
    await feeds.stop()
