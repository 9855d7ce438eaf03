"""What a sanction takes from whom, and the form of orders."""

from __future__ import annotations

import pytest

from chat_gateway.access.identity import Identity, Permissions, Right, stranger
from chat_gateway.moderation import orders, rules
from chat_gateway.moderation.orders import ORDER, Delete, Kick, Member, Place, Restrict
from chatcluster.core.errors import Refused
from chatcluster.core.sanctions import Kind, Sanction, Sanctions

EVE = Identity("eve", "Eve", "192.0.2.1", Permissions(join=("*",)))
MODERATOR = Identity("ada", "Ada", "192.0.2.2", Permissions(moderate=("tea",)))


def taken(sanction: Sanction, identity: Identity, room: str) -> set[Right]:
    """The rights that *sanction* takes from *identity* in the room."""
    sanctions = Sanctions()
    sanctions.impose(sanction)
    return {
        right
        for right, kinds in rules.KINDS.items()
        if rules.first(sanctions, kinds, identity, identity.address, room, 10.0) is not None
    }


def test_every_right_can_be_taken():
    assert set(rules.KINDS) == set(Right)


@pytest.mark.parametrize(
    ("kind", "rights"),
    [
        (Kind.BAN, set(Right)),
        (Kind.MUTE, {Right.WRITE, Right.CREATE}),
        (Kind.CLOSE, {Right.JOIN, Right.READ, Right.WRITE, Right.CREATE}),
    ],
)
def test_each_kind_takes_its_rights_in_its_room(kind, rights):
    sanction = Sanction(kind=kind, room="tea", user="" if kind is Kind.CLOSE else "eve")
    assert taken(sanction, EVE, "tea") == rights
    assert taken(sanction, EVE, "coffee") == set()
    assert rules.concerns(sanction, EVE, "192.0.2.1")


def test_a_closed_room_is_open_to_who_moderates_it():
    closed = Sanction(kind=Kind.CLOSE, room="tea")
    assert taken(closed, MODERATOR, "tea") == set()
    assert not rules.concerns(closed, MODERATOR, "192.0.2.2")
    assert taken(Sanction(kind=Kind.CLOSE, room=""), MODERATOR, "") != set()


def test_a_stranger_is_known_by_the_address_alone():
    nobody = stranger("192.0.2.9")
    assert not rules.concerns(Sanction(kind=Kind.BAN, user="eve"), nobody, "192.0.2.9")
    assert rules.concerns(Sanction(kind=Kind.BAN, address="192.0.2.9"), nobody, "192.0.2.9")
    assert taken(Sanction(kind=Kind.BAN, address="192.0.2.9"), nobody, "tea") == set(Right)


@pytest.mark.parametrize(
    ("sanction", "code", "message"),
    [
        (Sanction(kind=Kind.BAN), "banned", "you may not be here"),
        (
            Sanction(kind=Kind.BAN, room="tea", until=12.5, reason="spam"),
            "banned",
            "you may not be in the room 'tea', for 3 more seconds: spam",
        ),
        (Sanction(kind=Kind.MUTE, room=""), "muted", "you may not say anything in the lobby"),
        (Sanction(kind=Kind.CLOSE, room="tea"), "room_closed", "the room is closed"),
        (Sanction(kind=Kind.CLOSE, room=""), "room_closed", "the lobby is closed"),
        (
            Sanction(kind=Kind.MUTE, until=9.0),
            "muted",
            "you may not say anything here, for 1 more seconds",
        ),
    ],
)
def test_who_is_refused_is_told_why_and_for_how_long(sanction, code, message):
    refused = rules.refusal(sanction, 10.0)
    assert (refused.code.name, refused.message) == (code, message)


def test_an_order_of_a_client_may_have_fields_that_are_not_known_and_says_not_who_it_is():
    fields = {"action": "mute", "who": {"member": "x"}, "seconds": 5, "by": "root", "more": 1}
    order = orders.read(fields)
    assert order == Restrict(action="mute", who=Member(member="x"), seconds=5.0)
    assert order.by == ""


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1"])
def test_an_address_is_one_of_either_version(address):
    order = orders.read({"action": "kick", "who": {"address": address}})
    assert order == Kick(action="kick", who=Place(address=address))


def test_a_message_without_a_room_is_in_the_lobby():
    assert orders.read({"action": "delete", "message": "e-1"}) == Delete(
        action="delete", message="e-1", room=""
    )


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({}, "action"),
        ({"action": "exile"}, "exile"),
        ({"action": "ban"}, "ban.who"),
        ({"action": "ban", "who": "eve"}, "ban.who"),
        ({"action": "ban", "who": {"user": ""}}, "ban.who.User.user"),
        ({"action": "ban", "who": {"user": "x\ud800"}}, "ban.who.User.user"),
        ({"action": "ban", "who": {"user": "x"}, "seconds": 0}, "ban.seconds"),
        ({"action": "ban", "who": {"user": "x"}, "seconds": "9"}, "ban.seconds"),
        ({"action": "ban", "who": {"user": "x"}, "seconds": True}, "ban.seconds"),
        ({"action": "unban", "who": {"member": "x"}}, "unban.who"),
        ({"action": "kick", "who": {"address": "here"}}, "kick.who.Place.address"),
        ({"action": "kick", "who": {"address": "fe80::1%eth0"}}, "kick.who.Place.address"),
        ({"action": "kick", "who": {"user": "x"}, "reason": "a\nb"}, "kick.reason"),
        ({"action": "close"}, "close.room"),
        ({"action": "delete", "message": 7}, "delete.message"),
    ],
)
def test_an_order_that_is_none_is_refused_by_name(fields, named):
    with pytest.raises(Refused) as caught:
        orders.read(fields)
    assert caught.value.code.name == "invalid"
    assert named in caught.value.message


def test_the_admin_servers_orders_have_no_other_fields():
    assert ORDER.validate_json(b'{"action": "open", "room": "tea", "by": "ops"}').by == "ops"
    with pytest.raises(ValueError, match="more"):
        ORDER.validate_json(b'{"action": "open", "room": "tea", "more": 1}')
