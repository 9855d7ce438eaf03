"""Who may not do what, and the list of what was done."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatcluster.core.deeds import Deed, Measure
from chatcluster.core.errors import MalformedError
from chatcluster.core.sanctions import Kind, Sanction, Sanctions

TEXTS = st.text(st.characters(exclude_categories=()), max_size=5)  # half surrogate pairs, too
TIMES = st.floats(0, 1000)
SANCTIONS = st.builds(
    Sanction,
    kind=st.sampled_from(Kind),
    user=TEXTS,
    address=TEXTS,
    room=st.none() | TEXTS,
    until=st.none() | st.floats(1, 1000),
    reason=TEXTS,
    by=TEXTS,
    made=TIMES,
)
DEEDS = st.builds(
    Deed,
    measure=st.sampled_from(Measure),
    time=TIMES,
    by=TEXTS,
    gateway=TEXTS,
    user=TEXTS,
    room=st.none() | TEXTS,
    until=st.none() | TIMES,
    message=TEXTS,
)
BAN = Sanction(kind=Kind.BAN, user="eve", room="tea", until=20.0, made=10.0)


def in_force(*sanctions: Sanction) -> Sanctions:
    register = Sanctions()
    register.replace(sanctions)
    return register


@given(SANCTIONS)
def test_a_sanction_is_read_as_it_was_written(sanction):
    assert Sanction.decode(sanction.encode()) == sanction


@given(DEEDS)
def test_a_deed_is_read_as_it_was_written(deed):
    assert Deed.decode(deed.encode()) == deed


@pytest.mark.parametrize("text", [b"", b"{}", b"[]", b'{"kind": "exile"}', b"\xff", b'{"kind": 1}'])
def test_what_is_none_is_refused(text):
    with pytest.raises(MalformedError):
        Sanction.decode(text)
    with pytest.raises(MalformedError):
        Deed.decode(text)


def test_what_a_later_version_adds_is_passed_over():
    assert Sanction.decode(BAN.encode()[:-1] + b', "colour": "red"}') == BAN


def test_a_deed_tells_only_what_there_is_to_tell():
    deed = Deed(measure=Measure.KICK, time=1.5, by="ada", gateway="gw", member="x")
    told = {"measure": "kick", "time": 1.5, "by": "ada", "gateway": "gw", "member": "x"}
    assert deed.told() == {**told, "room": None}
    assert replace(deed, room="").told() == {**told, "room": ""}


@given(SANCTIONS, SANCTIONS)
def test_only_a_sanction_against_the_same_takes_anothers_place(one, other):
    same = (one.kind, one.user, one.address, one.room) == (
        other.kind,
        other.user,
        other.address,
        other.room,
    )
    assert (one.id == other.id) is same
    assert len(in_force(one, other).all(0.0)) == (1 if same else 2)


@pytest.mark.parametrize(("now", "found"), [(10.0, BAN), (19.9, BAN), (20.0, None)])
def test_a_sanction_holds_until_its_end(now, found):
    register = in_force(BAN)
    assert register.find(Kind.BAN, "eve", "", "tea", now) == found
    assert register.all(now) == ([BAN] if found else [])


@pytest.mark.parametrize(
    ("kind", "user", "address", "room", "concerned"),
    [
        (Kind.BAN, "eve", "192.0.2.1", "tea", True),
        (Kind.BAN, "ada", "192.0.2.1", "tea", False),
        (Kind.BAN, "", "", "tea", False),
        (Kind.BAN, "eve", "", "coffee", False),
        (Kind.BAN, "eve", "", None, False),
        (Kind.MUTE, "eve", "", "tea", False),
        (Kind.MUTE, "ada", "192.0.2.9", "tea", True),
        (Kind.MUTE, "", "192.0.2.9", None, True),
        (Kind.CLOSE, "anybody", "anywhere", "cellar", True),
        (Kind.CLOSE, "", "", "cellar", True),
        (Kind.CLOSE, "", "", "tea", False),
    ],
)
def test_a_sanction_is_against_whom_and_where_it_says(kind, user, address, room, concerned):
    register = in_force(
        BAN,
        Sanction(kind=Kind.MUTE, address="192.0.2.9"),
        Sanction(kind=Kind.CLOSE, room="cellar"),
    )
    assert (register.find(kind, user, address, room, 15.0) is not None) is concerned


def test_what_is_lifted_does_not_hold_any_more():
    register = in_force(BAN)
    assert register
    assert register.lift(BAN.against) is True
    assert register.lift(BAN.against) is False
    assert not register
    assert register.find(Kind.BAN, "eve", "", "tea", 15.0) is None


def test_what_is_new_of_many_is_told():
    register = in_force(BAN)
    longer, mute = replace(BAN, until=30.0), Sanction(kind=Kind.MUTE, user="eve")
    assert register.replace([BAN]) == []
    assert register.replace([longer, mute]) == [longer, mute]
    register.impose(BAN)
    assert register.of_addresses is False
    register.impose(Sanction(kind=Kind.BAN, address="192.0.2.1", made=19.0, until=21.0))
    assert register.of_addresses is True
    register.impose(replace(mute, made=21.0))
    assert register.of_addresses is False
    register.impose(BAN)
    mute = replace(mute, made=21.0)
    assert set(register.all(15.0)) == {BAN, mute}
    assert register.replace([]) == []
    assert not register
