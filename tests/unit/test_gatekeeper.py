"""How long sessions stay, and what they are told of it."""

from __future__ import annotations

from asyncio import sleep
from collections.abc import Coroutine, Sequence
from typing import Any, cast

import orjson
import pytest

from chat_gateway.access.gatekeeper import LONGEST_TIMER, Gatekeeper
from chat_gateway.access.identity import EVERYTHING, Identity
from chat_gateway.access.judging import Asked
from chat_gateway.manager.membership import Membership
from chat_gateway.sockets.counts import Counts
from chat_gateway.sockets.handshake import Handshake
from chat_gateway.sockets.packets import Outgoing
from chat_gateway.sockets.session import Session
from chatcluster.core.codes import Code
from chatcluster.core.errors import Refused
from tests.unit.virtual_time import in_virtual_time, now

REMINDED = 30.0


class Link:
    """Keeps what a session is sent."""

    name = "kept"
    pending = 0

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.code: Code | None = None

    def send(self, outgoing: Sequence[Outgoing]) -> bool:
        for one in outgoing:
            text = one.text.removeprefix("42")
            self.sent.append(orjson.loads(text[text.index("[") :]))
        return True

    def close(self, code: Code | None) -> None:
        self.code = code


class World:
    """A gatekeeper whose judge says what a client's `auth` holds: the user, and for how long."""

    def __init__(self) -> None:
        self.members = Membership(lambda key, first: None)
        self.asked: list[Asked] = []
        self.renewed: list[Session] = []
        self.keeper = Gatekeeper(
            self,
            self.members,
            remind=REMINDED,
            renewed=self.on_renewed,
            identify=lambda *_: None,
            now=now,
        )

    async def judge(self, asked: Asked) -> Identity:
        self.asked.append(asked)
        seconds = asked.auth.get("seconds")
        expires = None if seconds is None else now() + seconds
        return Identity(asked.auth["token"], "Ada", asked.address, EVERYTHING, expires)

    async def on_renewed(self, session: Session) -> None:
        self.renewed.append(session)

    async def enter(self, session: Session, namespace: str = "/", **auth: Any) -> None:
        await self.keeper.admit(session, namespace, auth)
        sid = f"{session.sid}{namespace}"
        socket = self.members.add(sid, namespace, session)
        assert socket is not None
        self.members.connect(sid)
        self.keeper.greet(socket)


class Engine:
    def __init__(self) -> None:
        self.counts = Counts()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        work.close()

    async def on_closed(self, session: Session, reason: str) -> None:
        """Nothing has to be done."""


def session(sid: str = "s") -> tuple[Session, Link]:
    headers = "origin: https://chat.example.org\nuser-agent: a browser"
    opened = Handshake(("GET", "/socket.io/", ""), headers, "192.0.2.1", secure=False)
    made, link = Session(sid, cast(Any, Engine()), 0.0, opened), Link()
    made.move_to(link)
    return made, link


@in_virtual_time
async def test_a_session_is_greeted_reminded_and_ended_in_time():
    world, (client, link) = World(), session()
    await world.enter(client, token="u1", seconds=100)
    assert link.sent == [["identity", {"user": "u1", "name": "Ada", "seconds": 100.0}]]
    await sleep(69)
    assert len(link.sent) == 1
    await sleep(2)
    assert link.sent[1:] == [["expiring", {"seconds": 30.0}]]
    await sleep(28)
    assert not client.closed
    await sleep(2)
    assert client.closed
    assert link.code is not None
    assert (link.code.name, link.code.number) == ("token_expired", 3005)
    assert link.sent[2][0] == "refused"
    assert link.sent[2][1]["error"]["code"] == "token_expired"


@in_virtual_time
async def test_who_comes_near_the_end_is_told_at_once_and_once():
    world, (client, link) = World(), session()
    await world.enter(client, token="u1", seconds=10)
    await sleep(9)
    assert [event for event, *_ in link.sent] == ["identity", "expiring"]


@in_virtual_time
async def test_a_token_that_lives_for_months_ends_as_well():
    world, (client, _) = World(), session()
    await world.enter(client, token="u1", seconds=100 * LONGEST_TIMER + 5)
    await sleep(100 * LONGEST_TIMER)
    assert not client.closed
    await sleep(6)
    assert client.closed


@in_virtual_time
async def test_who_has_no_end_stays():
    world, (client, link) = World(), session()
    await world.enter(client, token="u1")
    await sleep(100 * LONGEST_TIMER)
    assert not client.closed
    assert link.sent == [["identity", {"user": "u1", "name": "Ada", "seconds": None}]]


@in_virtual_time
async def test_a_renewal_puts_off_the_end_and_reminds_anew():
    world, (client, link) = World(), session()
    await world.enter(client, token="u1", seconds=40)
    await sleep(20)
    told = await world.keeper.renew(client, "/", ({"token": "u1", "seconds": 60},))
    assert told == {"user": "u1", "name": "Ada", "seconds": 60.0}
    assert world.renewed == [client]
    assert world.asked[-1].renewal
    await sleep(59)
    assert not client.closed
    assert [event for event, *_ in link.sent] == ["identity", "expiring", "expiring"]
    await sleep(2)
    assert client.closed


@in_virtual_time
async def test_other_namespaces_need_no_token_and_an_older_one_shortens_nothing():
    world, (client, link) = World(), session()
    await world.enter(client, token="u1", seconds=1000)
    await world.enter(client, "/room")
    await world.enter(client, "/messages/tea", token="u1", seconds=50)
    assert len(world.asked) == 2
    await sleep(60)
    assert not client.closed
    await world.enter(client, "/messages/coffee", token="u1", seconds=2000)
    assert world.renewed == [client]
    await sleep(1000)
    assert not client.closed
    await sleep(1000)
    assert client.closed
    ends = [event for event, *_ in link.sent if event == "refused"]
    assert len(ends) == 4, "each namespace is told"


@in_virtual_time
async def test_a_session_stays_its_users():
    world, (client, _) = World(), session()
    await world.enter(client, token="u1", seconds=100)
    for attempt in (
        world.keeper.admit(client, "/room", {"token": "u2", "seconds": 500}),
        world.keeper.renew(client, "/", ({"token": "u2"},)),
        world.keeper.renew(client, "/", ("u2",)),
    ):
        with pytest.raises(Refused) as refused:
            await attempt
        assert refused.value.code.name == "other_user"
    assert client.identity.user == "u1"


@in_virtual_time
async def test_who_came_in_unasked_may_say_later_who_it_is():
    world, (client, _) = World(), session()
    await world.enter(client, token="", seconds=1000)
    await world.enter(client, "/room", token="u1", seconds=10)
    assert client.identity.user == "u1"


@in_virtual_time
async def test_a_session_that_has_ended_is_forgotten():
    world, (client, link) = World(), session()
    await world.enter(client, token="u1", seconds=100)
    world.keeper.closed(client)
    await sleep(200)
    assert not client.closed
    assert len(link.sent) == 1


@in_virtual_time
async def test_a_client_that_left_while_it_was_judged_does_not_come_back():
    world, (client, _) = World(), session()
    client.closed = True
    with pytest.raises(Refused):
        await world.keeper.admit(client, "/", {"token": "u1"})
    assert client.granted is None


@in_virtual_time
async def test_the_judge_is_told_where_a_client_comes_from():
    world, (client, _) = World(), session()
    await world.enter(client, token="u1")
    assert world.asked == [
        Asked(
            {"token": "u1"},
            "/",
            "192.0.2.1",
            "https://chat.example.org",
            "a browser",
            renewal=False,
        )
    ]
    assert client.identity.address == "192.0.2.1"
    assert "u1" not in repr(world.asked)


def test_nothing_that_may_be_secret_is_shown_to_others():
    shown = World().keeper.shown({"token": "t", "nickname": "n", "lobby": "join", "password": "p"})
    assert shown == {"nickname": "n", "lobby": "join"}


@pytest.mark.parametrize("args", [(), (7,), ({}, {}), (None,)])
async def test_a_renewal_without_an_object_is_refused(args):
    with pytest.raises(Refused) as refused:
        await World().keeper.renew(session()[0], "/", args)
    assert refused.value.code.name == "invalid"
