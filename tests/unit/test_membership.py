"""Sockets and their rooms, and who is told of a room's first member and its last."""

from __future__ import annotations

from collections import Counter
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_gateway.manager.membership import Membership, Socket
from chat_gateway.sockets.session import Session
from chatcluster.core.envelope import RoomKey


class Changes(list[tuple[RoomKey, bool]]):
    """What `changed` was called with; a room is wanted as often as it was told of less its end."""

    def __call__(self, key: RoomKey, first: bool) -> None:
        self.append((key, first))

    def wanted(self) -> Counter[RoomKey]:
        counts: Counter[RoomKey] = Counter()
        for key, first in self:
            counts[key] += 1 if first else -1
            assert counts[key] >= 0
        return +counts


@pytest.fixture
def changes() -> Changes:
    return Changes()


@pytest.fixture
def members(changes: Changes) -> Membership:
    return Membership(changes)


def session(sid: str) -> Session:
    return Session(sid, cast(Any, None), 0.0)


def join(members: Membership, sid: str, *rooms: str, namespace: str = "/") -> Socket:
    socket = members.add(sid, namespace, session(f"session of {sid}"))
    assert socket is not None
    members.connect(sid)
    for room in rooms:
        members.enter(socket, room)
    return socket


def selected(members: Membership, *rooms: str, exclude: tuple[str, ...] = ()) -> list[str]:
    return sorted(socket.sid for socket in members.select("/", rooms, exclude))


def test_a_connected_socket_is_in_the_namespace_and_alone_in_its_own_room(members):
    join(members, "a")
    join(members, "b")
    assert selected(members) == ["a", "b"]
    assert selected(members, "a") == ["a"]


def test_before_it_is_connected_a_socket_gets_nothing(members, changes):
    socket = members.add("a", "/", session("s"))
    assert not socket.connected
    assert selected(members) == selected(members, "a") == changes == []
    members.connect("a")
    assert socket.connected


def test_a_session_is_in_a_namespace_once(members):
    mine = session("s")
    assert members.add("a", "/", mine) is members.of_session("s", "/")
    assert members.add("b", "/", mine) is None
    assert members.add("b", "/room", mine) is not None
    assert members.namespaces_of("s") == ["/", "/room"]
    assert set(members.sockets) == {"a", "b"}
    members.remove("a")
    assert members.namespaces_of("s") == ["/room"]
    assert members.of_session("s", "/") is None
    members.remove("b")
    assert members.namespaces_of("s") == []
    assert members._by_session == {}


def test_the_first_member_and_the_last_are_told(members, changes):
    a, b = join(members, "a"), join(members, "b")
    changes.clear()
    members.enter(a, "tea")
    members.enter(b, "tea")
    members.leave(a, "tea")
    members.leave(b, "tea")
    members.leave(b, "tea")
    assert changes == [(RoomKey("/", "tea"), True), (RoomKey("/", "tea"), False)]


def test_entering_a_room_again_is_not_told(members, changes):
    socket = join(members, "a", "tea", "tea")
    assert changes.count((RoomKey("/", "tea"), True)) == 1
    members.leave(socket, "tea")
    assert RoomKey("/", "tea") not in changes.wanted()


def test_a_socket_that_goes_leaves_all_its_rooms(members, changes):
    socket = join(members, "a", "tea", "coffee")
    members.remove("a")
    members.remove("a")
    assert not socket.connected
    assert socket.rooms == set()
    assert changes.wanted() == {}
    assert list(members.namespaces()) == []
    assert members._rooms == {}


def test_rooms_of_the_same_name_in_two_namespaces_are_two(members):
    join(members, "a", "tea")
    join(members, "b", "tea", namespace="/other")
    assert selected(members, "tea") == ["a"]
    assert set(members.namespaces()) == {"/", "/other"}
    assert set(members.room("/other", "tea")) == {"b"}
    assert members.room("/nowhere", "tea") == {}


def test_rooms_are_counted_without_the_sockets_own(members):
    join(members, "a", "tea")
    join(members, "b", "tea", "coffee")
    assert members.room_count() == 2


def test_sockets_that_are_about_to_connect_do_not_lower_the_count(members):
    members.add("a", "/", session("s"))
    assert members.room_count() == 0


@pytest.mark.parametrize(
    ("rooms", "exclude", "sids"),
    [
        ((), (), ["a", "b", "c"]),
        (("tea",), (), ["a", "b"]),
        (("tea", "coffee"), (), ["a", "b", "c"]),
        (("tea", "tea"), (), ["a", "b"]),
        (("nobody",), (), []),
        (("tea",), ("a",), ["b"]),
        (("tea",), ("coffee",), ["a"]),
        ((), ("tea", "c"), []),
        ((), ("nobody",), ["a", "b", "c"]),
        (("tea", "c"), ("b",), ["a", "c"]),
    ],
)
def test_those_in_any_of_the_rooms_and_in_none_of_the_excluded(members, rooms, exclude, sids):
    join(members, "a", "tea")
    join(members, "b", "tea", "coffee")
    join(members, "c", "coffee")
    assert selected(members, *rooms, exclude=exclude) == sids


def test_members_may_go_while_they_are_gone_through(members):
    for sid in "abc":
        join(members, sid)
    for socket in members.select("/", (), ()):
        members.remove(socket.sid)
    assert selected(members) == []


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "enter", "leave", "remove"]),
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from(["tea", "coffee"]),
    )
)


@given(STEPS)
def test_whatever_happens_exactly_the_rooms_with_members_are_wanted(steps):
    changes = Changes()
    members = Membership(changes)
    for what, sid, room in steps:
        socket = members.sockets.get(sid)
        if what == "remove":
            members.remove(sid)
        elif what == "add" and socket is None:
            join(members, sid)
        elif what == "leave" and socket is not None:
            members.leave(socket, room)
        elif what == "enter" and socket is not None and room not in socket.rooms:
            members.enter(socket, room)
        rooms = {RoomKey("/", room) for socket in members.sockets.values() for room in socket.rooms}
        assert changes.wanted() == dict.fromkeys(rooms, 1)
        for key in rooms:
            assert members.room("/", key.room)
