"""Mode `hub`: what is said between gateways and hubs, and between gateways through hubs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatcluster.core.envelope import Action, Envelope, RoomKey
from chatcluster.core.errors import MalformedError
from chatcluster.fanout.hub import parcel, protocol
from chatcluster.fanout.hub.parcel import Carried, Echo, Leg, Mark
from chatcluster.fanout.hub.protocol import Delta, Item
from chatcluster.fanout.wire import encode, pack

ENVELOPE = Envelope("one", 1, "/", Action.EMIT, rooms=("a", "b"), event="e", args=(b"\0", "x"))
LEGS = (Leg("http://hub-0", "/", ("a",)), Leg("http://hub-1", "/", ("b",)))

names = st.text(max_size=5)
rooms = st.frozensets(st.builds(RoomKey, names, names))
items = st.builds(Item, names, st.lists(names).map(tuple), st.binary())


@given(st.lists(items))
def test_items_arrive_as_they_were(sent: list[Item]) -> None:
    assert protocol.decode_items(protocol.encode_items(sent)) == sent


@given(st.builds(Delta, rooms, rooms))
def test_wishes_arrive_as_they_were(sent: Delta) -> None:
    assert protocol.decode_delta(protocol.encode_delta(sent)) == sent


@given(st.lists(st.binary()))
def test_batches_arrive_as_they_were(sent: list[bytes]) -> None:
    assert protocol.decode_batch(protocol.encode_batch(sent)) == sent


def test_parcels_arrive_as_they_were() -> None:
    data = encode(ENVELOPE)
    mark = Mark("one", 7, LEGS)
    assert parcel.decode(parcel.encode_carried(data)) == Carried(ENVELOPE)
    sent = parcel.encode_carried(data, LEGS, ["http://hub-2"])
    assert parcel.decode(sent) == Carried(ENVELOPE, LEGS, ("http://hub-2",))
    assert parcel.decode(parcel.encode_mark(mark)) == mark
    assert parcel.decode(parcel.encode_echo(Echo(3))) == Echo(3)


def test_parcels_may_grow() -> None:
    assert parcel.decode(pack([0, encode(ENVELOPE), [], [], "new"])) == Carried(ENVELOPE)
    assert parcel.decode(pack([2, 3, "new"])) == Echo(3)


MALFORMED: list[Any] = [
    "text",
    b"",
    b"\xc1",
    pack(7),
    pack({"a": 1}),
    pack([7]),
    pack([["/", ["a"]]]),
    pack([["/", "a", b""]]),
    pack([["/", [1], b""]]),
    pack([["/", ["a"], "text"]]),
    pack([1, 2]),
    pack([[1], []]),
    pack([[["/"]], []]),
    pack([[["/", 1]], []]),
]


@pytest.mark.parametrize("data", MALFORMED)
def test_what_is_malformed_is_said_to_be(data: Any) -> None:
    for decode in (protocol.decode_items, protocol.decode_delta, protocol.decode_batch):
        with pytest.raises(MalformedError):
            decode(data)


@pytest.mark.parametrize(
    "fields",
    [
        7,
        [],
        [9, 1],
        [0, b"no envelope", [], []],
        [0, "text", [], []],
        [0, encode(ENVELOPE), [], [7]],
        [0, encode(ENVELOPE), [["hub", "/"]], []],
        [1, "one", 2, [3]],
        [1, "one", 2, [["hub", "/", [[]]]]],
        [2, "x"],
    ],
)
def test_a_malformed_parcel_is_said_to_be(fields: object) -> None:
    with pytest.raises(MalformedError):
        parcel.decode(pack(fields))
