"""Envelopes as bytes and back, and bytes that are no envelopes."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import msgpack
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import fields

from chatcluster.core.envelope import Action, Envelope, RoomKey
from chatcluster.core.errors import MalformedError
from chatcluster.core.position import Position
from chatcluster.fanout.wire import VERSION, decode, encode, pack, unpack

NUMBERS = st.integers(-(2**63), 2**64 - 1)
DATES = st.datetimes(timezones=st.just(UTC))
PLAIN = st.none() | st.booleans() | NUMBERS | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(
    PLAIN | st.binary() | DATES,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
NAMES = st.lists(st.text(), max_size=3).map(tuple)
ENVELOPES = st.builds(
    Envelope,
    origin=st.text(),
    sequence=st.integers(1, 2**63 - 1),
    namespace=st.text(),
    action=st.sampled_from(Action),
    rooms=NAMES,
    exclude=NAMES,
    event=st.text(),
    args=st.lists(VALUES, max_size=3).map(tuple),
    into=NAMES,
    close=st.booleans(),
    epoch=st.integers(0, 2**63),
    position=st.none() | st.builds(Position, st.text(), st.integers(0, 2**53)),
    flags=st.dictionaries(st.text(), VALUES, max_size=3),
)
PLAINEST = Envelope(origin="g", sequence=1, namespace="/", action=Action.EMIT)


def as_fields(envelope: Envelope) -> list[Any]:
    found: list[Any] = unpack(encode(envelope))
    return found


@given(ENVELOPES)
@settings(max_examples=60)
def test_an_envelope_arrives_as_it_was_sent(envelope):
    assert decode(encode(envelope)) == envelope


def test_every_field_of_an_envelope_travels():
    """A field that is added to the envelope and forgotten here would be lost on its way."""
    assert len(as_fields(PLAINEST)) == len(fields(Envelope)) + 1


def test_the_format_is_the_one_that_is_documented():
    envelope = Envelope(
        "g", 7, "/", Action.SIGNAL, ("r",), ("x",), "e", (1,), ("i",), True, 3, Position("p", 9)
    )
    expected = [1, "g", 7, "/", 6, ["r"], ["x"], "e", [1], ["i"], True, 3, ["p", 9], {}]
    assert as_fields(envelope) == expected


@given(ENVELOPES, st.lists(VALUES, max_size=3))
@settings(max_examples=30)
def test_further_elements_of_a_later_version_are_ignored(envelope, more):
    assert decode(pack([*as_fields(envelope), *more])) == envelope


@given(st.integers(0, 13))
def test_an_envelope_that_is_cut_short_is_refused(count):
    with pytest.raises(MalformedError):
        decode(pack(as_fields(PLAINEST)[:count]))


@pytest.mark.parametrize("version", [0, VERSION + 1, "1", None])
def test_another_version_is_refused(version):
    with pytest.raises(MalformedError, match="not an envelope of this version"):
        decode(pack([version, *as_fields(PLAINEST)[1:]]))


@pytest.mark.parametrize("other", [None, 1, "text", {}, b"bytes"])
def test_what_is_no_array_is_refused(other):
    with pytest.raises(MalformedError):
        decode(pack(other))


@pytest.mark.parametrize(
    ("index", "value"),
    [(4, 99), (4, "EMIT"), (5, None), (6, 1), (8, 5), (9, None), (12, 5), (12, ["e"])],
)
def test_fields_of_another_form_are_refused(index, value):
    broken = as_fields(PLAINEST)
    broken[index] = value
    with pytest.raises(MalformedError, match="not an envelope"):
        decode(pack(broken))


@pytest.mark.parametrize(
    ("index", "value"), [(1, 5), (1, ["g"]), (2, 0), (2, -1), (2, 2**63), (2, "1"), (2, True)]
)
def test_one_whose_repeats_could_not_be_told_is_refused(index, value):
    broken = as_fields(PLAINEST)
    broken[index] = value
    with pytest.raises(MalformedError, match="an origin is a text and a sequence a number"):
        decode(pack(broken))


@given(st.binary())
@settings(max_examples=500)
def test_random_bytes_are_refused_and_nothing_worse(data):
    with suppress(MalformedError):
        decode(data)


@given(ENVELOPES, st.data())
@settings(max_examples=80, phases=(Phase.explicit, Phase.generate))
def test_damaged_envelopes_are_refused_and_nothing_worse(envelope, data):
    whole = bytearray(encode(envelope))
    for _ in range(data.draw(st.integers(1, 3))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with suppress(MalformedError):
        decode(bytes(whole))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\xc1", id="a byte that means nothing"),
        pytest.param(b"\xa1\xff", id="text that is not UTF-8"),
        pytest.param(b"\x01\x01", id="two values"),
        pytest.param(b"\x92\x01", id="an array that ends too soon"),
        pytest.param(b"\xdd\xff\xff\xff\xff", id="an array of four thousand million"),
        pytest.param(b"\x91" * 100_000, id="deep nesting"),
        pytest.param(b"\x81\x90\x01", id="a list as a key"),
        pytest.param(
            b"\xc7\x0c\xff" + b"\x00" * 4 + b"\x7f" + b"\xff" * 7,
            id="a date too far",
        ),
        pytest.param(b"\xc7\x05\xff" + b"\x00" * 5, id="a date of a wrong size"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_bytes_that_are_no_message_pack_are_refused(data):
    with pytest.raises(MalformedError):
        unpack(data)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(object(), id="an object"),
        pytest.param({1, 2}, id="a set"),
        pytest.param(2**64, id="a number that is too great"),
        pytest.param("\ud800", id="half a surrogate pair"),
        pytest.param(datetime(2024, 1, 1), id="a date without a time zone"),
    ],
)
def test_what_has_no_form_is_refused_before_it_is_sent(value):
    with pytest.raises(MalformedError, match="cannot be sent"):
        encode(Envelope("g", 1, "/", Action.EMIT, args=(value,)))


def test_values_that_are_nested_too_deep_are_refused_before_they_are_sent():
    value: list[Any] = []
    for _ in range(10_000):
        value = [value]
    with pytest.raises(MalformedError):
        pack(value)


def test_other_peoples_maps_may_have_numbers_as_keys():
    assert unpack(msgpack.packb({1: "one"})) == {1: "one"}


def test_an_envelope_without_rooms_is_for_the_whole_namespace():
    assert PLAINEST.keys == (RoomKey("/", ""),)


def test_an_envelope_for_rooms_is_for_whoever_wants_one_of_them():
    envelope = Envelope("g", 1, "/", Action.EMIT, rooms=("a", "b"))
    assert envelope.keys == (RoomKey("/", "a"), RoomKey("/", "b"))
