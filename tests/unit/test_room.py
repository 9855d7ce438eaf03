"""What is for rooms leaves in few writes, and everybody gets everything in its order."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from chat_gateway.manager.room import BUSY, HOLD_SECONDS, Bursts, Room
from chat_gateway.manager.socket import Socket
from chat_gateway.sockets import packets
from chat_gateway.sockets.counts import Counts
from chat_gateway.sockets.packets import Outgoing
from chat_gateway.sockets.session import Session
from chatcluster.core.codes import Code


class Client:
    """A session whose transport keeps what is written; `slow` writes through its link."""

    name = "test"
    pending = 0

    def __init__(self, sid: str, *, slow: bool = False) -> None:
        self.writes: list[bytes] = []
        self.session = Session(sid, cast(Any, None), 0.0)
        self.session.link = self
        self.hurries(not slow)
        self.socket = Socket(sid, "/", self.session)

    @property
    def got(self) -> bytes:
        return b"".join(self.writes)

    def send(self, outgoing: Sequence[Outgoing]) -> bool:
        self.writes.append(packets.joined(outgoing))
        return True

    def hurries(self, fast: bool) -> None:
        self.session.is_written_by(self.writes.append if fast else None)

    def close(self, code: Code | None) -> None:
        raise AssertionError("nobody closes it")


def room_of(*clients: Client) -> Room:
    room = Room(Counts())
    for client in clients:
        room.enter(client.socket)
    return room


async def test_messages_for_a_room_leave_in_one_write():
    ada, bob = Client("a"), Client("b", slow=True)
    room, bursts = room_of(ada, bob), Bursts()
    first, second = packets.message("1"), packets.message("2")
    bursts.add(room, [first])
    bursts.add(room, [second])
    assert ada.writes == bob.writes == []
    await asyncio.sleep(0)
    assert ada.writes == bob.writes == [first.frame + second.frame]


async def test_what_else_a_client_is_sent_comes_after_what_waits_for_it():
    ada, bob = Client("a"), Client("b")
    room, bursts = room_of(ada, bob), Bursts()
    first, answer, second = (packets.message(text) for text in ("1", "answer", "2"))
    bursts.add(room, [first])
    ada.session.send([answer])
    bursts.add(room, [second])
    await asyncio.sleep(0)
    assert ada.got == first.frame + answer.frame + second.frame
    assert bob.writes == [first.frame + second.frame]


async def test_rooms_with_a_member_in_common_are_written_one_after_the_other():
    ada, bob, eve = Client("a"), Client("b"), Client("c")
    tea, milk, water, bursts = room_of(ada), room_of(bob), room_of(eve), Bursts()
    first, second, third = (packets.message(text) for text in "123")
    tea.enter(bob.socket)
    bursts.add(tea, [first])
    bursts.add(water, [second])
    bursts.add(milk, [third])
    assert bob.writes == [first.frame]
    assert ada.writes == [first.frame]
    assert eve.writes == []
    await asyncio.sleep(0)
    assert bob.got == first.frame + third.frame
    assert eve.writes == [second.frame]


CLIENTS = st.sampled_from("abcd")
ROOMS = st.sampled_from(["tea", "coffee", "milk", "", "\x00lobby"])
STEPS = st.lists(
    st.tuples(st.just("enter"), CLIENTS, ROOMS)
    | st.tuples(st.just("leave"), CLIENTS, ROOMS)
    | st.tuples(st.just("tell"), CLIENTS, ROOMS)
    | st.tuples(st.just("say"), CLIENTS, ROOMS)
    | st.tuples(st.just("say"), CLIENTS, ROOMS)
    | st.tuples(st.just("say"), CLIENTS, ROOMS)
    | st.tuples(st.sampled_from(["slow", "fast", "write"]), CLIENTS, ROOMS),
    max_size=40,
)


class World:
    """Four clients, one of them slow, rooms, two of which are wide, and what each client is to
    get.
    """

    def __init__(self) -> None:
        self.clients = {sid: Client(sid, slow=sid == "d") for sid in "abcd"}
        self.rooms = {name: Room(Counts()) for name in ("tea", "coffee", "milk")}
        self.rooms |= {name: Room(Counts(), wide=True) for name in ("", "\x00lobby")}
        self.bursts = Bursts()
        self.expected = dict.fromkeys(self.clients, b"")

    def enter(self, sid: str, room: Room, message: Outgoing) -> None:
        if sid not in room.members:
            room.enter(self.clients[sid].socket)

    def leave(self, sid: str, room: Room, message: Outgoing) -> None:
        if sid in room.members:
            room.leave(self.clients[sid].socket)

    def tell(self, sid: str, room: Room, message: Outgoing) -> None:
        self.clients[sid].session.send([message])
        self.expected[sid] += message.frame

    def say(self, sid: str, room: Room, message: Outgoing) -> None:
        self.bursts.add(room, [message])
        for member in room.members:
            self.expected[member] += message.frame

    def write(self, sid: str, room: Room, message: Outgoing) -> None:
        self.bursts._write()

    def slow(self, sid: str, room: Room, message: Outgoing) -> None:
        self.clients[sid].hurries(False)

    def fast(self, sid: str, room: Room, message: Outgoing) -> None:
        self.clients[sid].hurries(True)


@given(STEPS)
@settings(max_examples=500)
def test_everybody_gets_what_is_for_them_once_and_in_order_whatever_room_it_is_for(steps):
    async def take() -> World:
        world = World()
        for number, (what, sid, name) in enumerate(steps):
            getattr(world, what)(sid, world.rooms[name], packets.message(str(number)))
        world.bursts._write()
        return world

    world = asyncio.run(take())
    assert {sid: client.got for sid, client in world.clients.items()} == world.expected


@given(STEPS)
def test_a_room_knows_who_is_in_another_one_besides(steps):
    async def take() -> World:
        world = World()
        for number, (what, sid, name) in enumerate(steps):
            getattr(world, what)(sid, world.rooms[name], packets.message(str(number)))
        return world

    world = asyncio.run(take())
    narrow = [room for room in world.rooms.values() if not room.wide]
    for room in narrow:
        others = [one for one in narrow if one is not room]
        both = {sid for sid in room.members if any(sid in other.members for other in others)}
        assert {session.sid for session in room.shared or ()} == both


async def test_a_message_that_comes_alone_is_written_at_once():
    ada = Client("a")
    room, bursts = room_of(ada), Bursts()
    for count in range(1, 4):
        bursts.add(room, [packets.message("x")])
        await asyncio.sleep(0)
        assert len(ada.writes) == count


async def test_while_there_is_much_it_is_held_and_written_together():
    ada = Client("a")
    room, bursts = room_of(ada), Bursts()
    for _ in range(BUSY):
        bursts.add(room, [packets.message("x")])
    await asyncio.sleep(0)
    assert len(ada.writes) == 1
    for _ in range(3):
        bursts.add(room, [packets.message("y")])
        await asyncio.sleep(0)
    assert len(ada.writes) == 1
    async with asyncio.timeout(5 + HOLD_SECONDS):
        while len(ada.writes) < 2:  # noqa: ASYNC110 - the transport tells nobody
            await asyncio.sleep(HOLD_SECONDS)
    assert ada.writes[1] == packets.message("y").frame * 3
