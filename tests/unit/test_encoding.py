"""Socket.IO packets: what is written, and what Node's parser would refuse."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat_gateway.manager import encoding
from chat_gateway.manager.encoding import ACK, CONNECT, EVENT, RESERVED, Packet
from chat_gateway.sockets.packets import Outgoing
from chatcluster.core.errors import MalformedError

NUMBERS = st.integers(-(2**53), 2**53)
PLAIN = st.none() | st.booleans() | NUMBERS | st.text()
JSON = st.recursive(
    PLAIN, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5
)
BINARY = st.recursive(
    PLAIN | st.binary(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
WORDS = '0 2 3 5 6 51- 61- 10- - /room, / , ? 7 [ ] ["e" { } " null "_placeholder":true "num":0'
PIECES = st.sampled_from([*WORDS.split(), "\\ud800", "é", "²"])


def read_back(parts: list[Outgoing]) -> Packet:
    """What a client would read."""
    first, *attachments = [part.packet.data for part in parts]
    assert isinstance(first, str)
    packet = Packet.read(first)
    complete = [packet.attach(attachment) for attachment in attachments]
    assert complete == [False] * (len(attachments) - 1) + [True] * bool(attachments)
    return packet


@given(args=st.lists(JSON, max_size=3), number=st.none() | st.integers(0, 10**9))
def test_an_event_arrives_as_it_was_sent(args, number):
    packet = read_back(encoding.encode_event("/room", "chat message", args, number))
    assert (packet.packet_type, packet.namespace, packet.id) == (EVENT, "/room", number)
    assert packet.data == ["chat message", *args]


@given(args=st.lists(BINARY, max_size=3).filter(lambda args: str(args).count("b'") < 8))
def test_an_event_with_binary_arrives_as_it_was_sent(args):
    packet = read_back(encoding.encode_event("/", "file", args))
    assert packet.data == ["file", *args]


@pytest.mark.parametrize(
    ("kind", "namespace", "data", "number", "text"),
    [
        (CONNECT, "/", {"sid": "x"}, None, '0{"sid":"x"}'),
        (CONNECT, "/room", None, None, "0/room,"),
        (EVENT, "/", ["hi", 1], None, '2["hi",1]'),
        (EVENT, "/room", ["hi"], 7, '2/room,7["hi"]'),
        (ACK, "/", [], 0, "30[]"),
    ],
)
def test_packets_are_written_as_the_protocol_says(kind, namespace, data, number, text):
    (outgoing,) = encoding.encode(kind, namespace, data, number)
    assert outgoing.packet.data == text


def test_binary_follows_its_packet():
    first, second = encoding.encode_event("/", "file", [bytearray(b"\x01")])
    assert first.packet.data == '51-["file",{"_placeholder":true,"num":0}]'
    assert second.packet.data == b"\x01"
    assert type(second.packet.data) is bytes


def test_what_json_has_no_form_for_is_not_sent():
    with pytest.raises(TypeError):
        encoding.encode_event("/", "e", [object()])


def test_half_surrogate_pairs_are_let_through_in_both_directions():
    """A client that cuts an emoji in two is refused its event, not its connection."""
    packet = Packet.read('2["chat message",{"message":"\\ud83d"}]')
    assert packet.data == ["chat message", {"message": "\ud83d"}]
    (outgoing,) = encoding.encode_event("/", "refused", ["\ud83d"])
    assert outgoing.packet.data == '2["refused","\\ud83d"]'


@pytest.mark.parametrize("text", ['2["e","\\u00e9"]', '2["e","é"]', '2["e","\\uD83D\\ude00"]'])
def test_whole_characters_are_read_however_they_are_written(text):
    assert Packet.read(text).data[1] in ("é", "😀")


@pytest.mark.parametrize("text", ["0", '0{"token":1}', "0/room,", "1", "1/room,", '2["e"]', "30[]"])
def test_what_node_takes_is_taken(text):
    assert Packet.read(text).packet_type == int(text[0])


@pytest.mark.parametrize("name", sorted(RESERVED))
@pytest.mark.parametrize("form", ['2["{}"]', '51-["{}",{{"_placeholder":true,"num":0}}]'])
def test_reserved_names_are_refused(name, form):
    with pytest.raises(MalformedError):
        Packet.read(form.format(name))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("x", id="no type"),
        pytest.param("7", id="no such type"),
        pytest.param("²", id="a digit of another kind"),
        pytest.param("0[]", id="connect with a list"),
        pytest.param('0"x"', id="connect with a text"),
        pytest.param("1{}", id="disconnect with something"),
        pytest.param("2", id="an event without anything"),
        pytest.param("2[]", id="an event without a name"),
        pytest.param("2{}", id="an event that is no list"),
        pytest.param('2"e"', id="an event that is a text"),
        pytest.param("2[7]", id="a number as an event's name"),
        pytest.param("2[null]", id="null as an event's name"),
        pytest.param("2[", id="JSON that ends too soon"),
        pytest.param('2["e"]x', id="something after the JSON"),
        pytest.param('2["e",NaN]', id="a number that JSON does not have"),
        pytest.param("3[]", id="an acknowledgement of nothing"),
        pytest.param("31{}", id="an acknowledgement that is no list"),
        pytest.param("4{}", id="an error from a client"),
        pytest.param('21-["e"]', id="an attachment of a text event"),
        pytest.param('5["e"]', id="a binary event without attachments"),
        pytest.param('50-["e"]', id="a binary event with no attachments"),
        pytest.param('511-["e"]', id="eleven attachments"),
        pytest.param("61-[]", id="a binary acknowledgement of nothing"),
        pytest.param("5" + "9" * 50 + '-["e"]', id="uncountable attachments"),
        pytest.param("2" + "9" * 200 + '["e"]', id="an endless number"),
        pytest.param("2" + "9" * 10_000, id="a number that Python does not read"),
        pytest.param("2" + "[" * 10_000, id="ten thousand brackets"),
        pytest.param("2" + "[" * 10_000 + "]" * 10_000, id="ten thousand pairs of brackets"),
        pytest.param("2" + "[" * 10_000 + '"\\ud800', id="brackets, and half a surrogate pair"),
        pytest.param(
            '2["e",' + "[" * 10_000 + '"\\ud800"' + "]" * 10_001, id="the same with an end"
        ),
    ],
)
def test_what_node_refuses_is_refused(text):
    with pytest.raises(MalformedError):
        Packet.read(text)


@given(st.text() | st.lists(PIECES, max_size=12).map("".join))
@settings(max_examples=500)
def test_any_text_is_read_or_refused(text):
    with suppress(MalformedError):
        packet = Packet.read(text)
        for _ in range(packet.attachment_count):
            packet.attach(b"x")


def binary_event(*args: Any, count: int = 1) -> Packet:
    return Packet.read(f"5{count}-" + orjson.dumps(["e", *args]).decode())


def place(number: Any) -> dict[str, Any]:
    return {"_placeholder": True, "num": number}


def test_attachments_take_their_places():
    packet = binary_event({"a": [place(1)]}, place(0), count=2)
    assert not packet.attach(b"zero")
    assert packet.attach(b"one")
    assert packet.data == ["e", {"a": [b"one"]}, b"zero"]


@pytest.mark.parametrize("number", [1, 99, 1.5, "0", None, [], {}])
def test_a_place_without_its_attachment_is_refused(number):
    packet = binary_event(place(number))
    with pytest.raises(MalformedError, match="the attachments do not fit"):
        packet.attach(b"x")


def test_a_place_is_not_counted_from_the_end():
    packet = binary_event(place(-1))
    with pytest.raises(MalformedError):
        packet.attach(b"x")


def test_text_in_place_of_an_attachment_is_refused():
    with pytest.raises(MalformedError, match="text where"):
        binary_event(place(0)).attach("x")


def test_an_attachment_too_many_is_refused():
    packet = binary_event(place(0))
    packet.attach(b"x")
    with pytest.raises(MalformedError, match="do not fit"):
        packet.attach(b"y")
