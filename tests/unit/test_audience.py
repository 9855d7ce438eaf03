"""What follows from a room getting its first member here: interest, and a feed for what is kept."""

from __future__ import annotations

from collections import Counter
from typing import Any, cast

import pytest

from chat_gateway.chat.audience import Audience
from chat_gateway.chat.feeds import Feeds
from chat_gateway.manager.interest import Interest
from chat_gateway.manager.membership import Membership
from chat_gateway.sockets.session import Session


class World:
    """A membership, and what its audience makes of it."""

    def __init__(self) -> None:
        self.interest: Counter[str] = Counter()
        self.feeds: Counter[str] = Counter()
        audience = Audience(cast(Interest, self))
        audience.feeds = cast(Feeds, self)
        self.members = Membership(audience.changed, owned=audience.owned)

    def add(self, key: Any) -> None:
        self.interest[key.room] += 1

    def discard(self, key: Any) -> None:
        self.interest[key.room] -= 1

    def hold(self, room: str) -> None:
        self.feeds[room] += 1

    def release(self, room: str) -> None:
        self.feeds[room] -= 1

    def connect(self, sid: str) -> None:
        self.members.add(sid, "/", Session(sid, cast(Any, None), 0.0))
        self.members.connect(sid)

    def enter(self, sid: str, room: str) -> None:
        self.members.enter(self.members.sockets[sid], room)

    def leave(self, sid: str, room: str) -> None:
        self.members.leave(self.members.sockets[sid], room)


def test_what_is_for_one_client_comes_here_and_nothing_is_kept_of_it():
    world = World()
    world.connect("ada")
    assert world.interest["ada"] == 1
    assert +world.feeds == {}
    world.members.remove("ada")
    assert +world.interest == {}


def test_a_room_that_somebody_joins_has_a_feed_until_the_last_one_has_left():
    world = World()
    world.connect("ada")
    world.enter("ada", "tea")
    assert (world.interest["tea"], world.feeds["tea"]) == (1, 1)
    world.leave("ada", "tea")
    assert (world.interest["tea"], world.feeds["tea"]) == (0, 0)


@pytest.mark.parametrize("first", ["ada", "bob"])
def test_a_room_that_is_named_as_somebody_s_own_is_a_room_like_any_other(first):
    world = World()
    world.connect("ada")
    world.connect("bob")
    world.enter("bob", "ada")
    assert world.feeds["ada"] == 1
    for sid in (first, "bob" if first == "ada" else "ada"):
        world.members.remove(sid)
        assert world.interest["ada"] >= (1 if sid == first else 0)
    assert +world.interest == {}
    assert +world.feeds == {}
