"""Messages that are stored as they are published, and those that are stored before, in order."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any, cast

from hypothesis import example, given
from hypothesis import strategies as st

from chat_gateway.chat.posting import Posting
from chat_gateway.manager.answer import Answer
from chat_gateway.manager.manager import FanoutManager
from chatcluster.chat.message import Message
from chatcluster.core.append import Append, Unstored
from chatcluster.core.envelope import Envelope
from chatcluster.core.errors import FanoutError, HistoryError
from chatcluster.core.position import Position
from chatcluster.history.port import Appended, JointLog

PLACE = Position("f" * 16, 0)
SERVER = "one server"


class Log:
    """Answers when it is told to, in its order."""

    server = SERVER
    shared = True

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.waiting: list[tuple[bytes, asyncio.Future[Appended]]] = []

    def append(self, room: str, body: bytes, *, key: str | None = None) -> asyncio.Future[Appended]:
        answer: asyncio.Future[Appended] = asyncio.get_running_loop().create_future()
        self.waiting.append((body, answer))
        return answer

    def appending(self, room: str, body: bytes, *, key: str | None, place: Position) -> Append:
        return Append(body, b"sha", [], [], place, self.server)

    def store(self, body: bytes) -> Position:
        self.bodies.append(body)
        return Position("e", len(self.bodies))

    def work(self) -> None:
        if self.waiting:
            body, answer = self.waiting.pop(0)
            answer.set_result(Appended(self.store(body)))

    # The rest of a room log, which nobody asks for here.
    open = since = before = head = heads = redact = redacted = drop = check = close = work


class Fanout:
    """Takes what was published when it is told to, and stores it while it has a store."""

    def __init__(self, log: Log) -> None:
        self.store: object | None = SERVER
        self.published: list[Envelope] = []
        self.waiting: list[tuple[Envelope, Any]] = []
        self.silent = False
        self._log = log

    def add(self, envelope: Envelope, outcome: Any, reply: Any = None) -> None:
        self.waiting.append((envelope, outcome))

    def work(self) -> None:
        if not self.waiting:
            return
        envelope, outcome = self.waiting.pop(0)
        append = envelope.append if type(envelope) is Unstored else None
        if append is not None and self.store != append.server:
            append.leave_out()
        elif append is not None and append.may_be_sent:
            append.sent = True
            if not self.silent:
                append.position = self._log.store(append.text)
        self.published.append(envelope)
        outcome.give(None)


class Told:
    """An answer that keeps what it was given."""

    def __init__(self) -> None:
        self.reply: Any = None
        self.error: BaseException | None = None

    def give(self, reply: Any) -> None:
        self.reply = reply

    def fail(self, error: BaseException) -> None:
        self.error = error


class World:
    def __init__(self) -> None:
        self.log = Log()
        self.fanout = Fanout(self.log)
        self.unpublished: list[Position] = []
        manager = _Manager(self.fanout)
        self.posting = Posting(
            cast(JointLog, self.log),
            cast(FanoutManager, manager),
            lambda message, at, error: self.unpublished.append(at),
            PLACE,
        )
        self.answers: list[Told] = []

    def post(self) -> Told:
        told = Told()
        text = f"message {len(self.answers)}"
        self.answers.append(told)
        self.posting.post(Message("tea", "ada", text, 0.0, "g"), cast(Answer, told))
        return told

    async def settle(self) -> None:
        while self.log.waiting or self.fanout.waiting:
            self.log.work()
            self.fanout.work()
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    @property
    def stored(self) -> list[bytes]:
        return [body.split(b'"message":"')[1].split(b'"')[0] for body in self.log.bodies]


class _Manager:
    def __init__(self, fanout: Fanout) -> None:
        self.publishing = fanout
        fanout.fanout = fanout  # type: ignore[attr-defined]
        self._sequence = 0

    def event(
        self,
        namespace: str,
        rooms: Sequence[str],
        event: str,
        arg: Any,
        position: Position,
    ) -> Envelope:
        self._sequence += 1
        head = ("g", self._sequence, namespace, 1, tuple(rooms), (), event, (arg,))
        return Envelope(*head, position=position)  # type: ignore[arg-type]


async def test_a_message_is_stored_by_the_fanout_that_shares_the_logs_server() -> None:
    world = World()
    told = world.post()
    assert world.log.waiting == []
    await world.settle()
    assert told.reply == {"id": "e-1", "time": 0.0}


async def test_a_message_is_stored_by_the_log_when_the_fanout_has_another_server() -> None:
    world = World()
    world.fanout.store = "another server"
    told = world.post()
    await world.settle()
    assert told.reply == {"id": "e-1", "time": 0.0}
    assert [one.position for one in world.fanout.published] == [Position("e", 1)]


async def test_a_message_that_the_fanout_left_out_is_stored_by_the_log() -> None:
    world = World()
    told = world.post()
    world.fanout.store = None
    await world.settle()
    assert told.reply == {"id": "e-1", "time": 0.0}


async def test_a_message_of_which_nobody_knows_whether_it_is_stored_is_not_acknowledged() -> None:
    world = World()
    world.fanout.silent = True
    told = world.post()
    await world.settle()
    assert told.reply is None
    assert isinstance(told.error, HistoryError)


async def test_a_stored_message_that_was_not_published_is_acknowledged_and_given_out_here() -> None:
    world = World()
    told = world.post()
    envelope, outcome = world.fanout.waiting.pop()
    assert type(envelope) is Unstored
    assert envelope.append is not None
    envelope.append.sent, envelope.append.position = True, Position("e", 1)
    outcome.fail(FanoutError("no room"))
    assert told.reply == {"id": "e-1", "time": 0.0}
    assert world.unpublished == [Position("e", 1)]


# What was left out while the way was another one may not be stored after what follows it.
@example(["post", "post", "post", "change", "fanout", "fanout", "change", "fanout"])
@given(st.lists(st.sampled_from(("post", "log", "fanout", "change", "turn")), max_size=60))
async def test_messages_are_stored_in_their_order_however_the_way_changes(steps: list[str]) -> None:
    world = World()
    stores = deque((SERVER, None, SERVER, "another server"))
    for step in steps:
        if step == "post":
            world.post()
        elif step == "log":
            world.log.work()
        elif step == "fanout":
            world.fanout.work()
        elif step == "change":
            stores.rotate()
            world.fanout.store = stores[0]
        await asyncio.sleep(0)
    await world.settle()
    assert world.stored == [f"message {n}".encode() for n in range(len(world.answers))]
    assert all(told.reply is not None for told in world.answers)
