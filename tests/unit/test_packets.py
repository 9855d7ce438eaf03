"""Engine.IO packets, as bytes."""

from __future__ import annotations

import base64
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_gateway.sockets import packets
from chat_gateway.sockets.packets import Outgoing, Packet
from chatcluster.core.errors import MalformedError

TEXTS = st.text().filter(lambda text: packets.SEPARATOR not in text)
TEXT_PACKETS = st.builds(Packet, st.sampled_from("0123456"), TEXTS)
PACKETS = TEXT_PACKETS | st.builds(Packet, st.just(packets.MESSAGE), st.binary())


def body_of(*parts: Packet) -> bytes:
    return packets.SEPARATOR.join(Outgoing(part).text for part in parts).encode()


def payload_of(frame: bytes) -> bytes:
    """RFC 6455 section 5.2, of an unmasked frame."""
    size, rest = frame[1], frame[2:]
    if size >= 126:
        width = 2 if size == 126 else 8
        size, rest = int.from_bytes(rest[:width], "big"), rest[width:]
    assert len(rest) == size
    return rest


@given(PACKETS)
def test_a_packet_goes_through_a_websocket_message(packet):
    frame = Outgoing(packet).frame
    payload = payload_of(frame)
    assert packets.decode(payload if frame[0] == 0x82 else payload.decode()) == packet


@given(st.lists(PACKETS, min_size=1, max_size=5))
def test_packets_go_through_a_polling_body(sent):
    assert list(packets.decode_body(body_of(*sent), 5)) == sent


def test_the_forms_are_those_of_the_protocols_own_examples():
    assert Outgoing(Packet(packets.MESSAGE, "hello")).text == "4hello"
    assert Outgoing(Packet(packets.MESSAGE, b"\x01\x02\x03\x04")).text == "bAQIDBA=="
    assert Outgoing(Packet(packets.PING)).frame == b"\x81\x012"
    assert packets.message("hi").packet == Packet("4", "hi")
    assert packets.message(b"\x01").frame == b"\x82\x01\x01"
    body = b"4hello\x1e2\x1e4world"
    assert list(packets.decode_body(body, 16)) == [("4", "hello"), ("2", ""), ("4", "world")]


def test_each_form_is_built_once():
    outgoing = packets.message("hello")
    assert outgoing.frame is outgoing.frame
    assert outgoing.text is outgoing.text


@pytest.mark.parametrize("encoded", ["", "7", "x", "b", "\x1e", "²", "\u0663"])
def test_a_text_that_begins_with_no_type_is_refused(encoded):
    with pytest.raises(MalformedError, match="begins with"):
        packets.decode(encoded)


@pytest.mark.parametrize("part", ["bAQ", "b=", "b A=", "bAQIDBA==x", "bé", "b\ud7ff"])
def test_what_is_not_base64_is_refused(part):
    with pytest.raises(MalformedError, match="not base64"):
        list(packets.decode_body(part.encode(), 5))


def test_a_body_must_be_utf_8():
    with pytest.raises(MalformedError, match="UTF-8"):
        list(packets.decode_body(b"4\xff", 5))


def test_a_body_holds_only_so_many_packets():
    assert len(list(packets.decode_body(body_of(*[Packet("2")] * 5), 5))) == 5
    with pytest.raises(MalformedError, match="more than 5 packets"):
        packets.decode_body(body_of(*[Packet("2")] * 6), 5)


@given(st.binary() | st.text().map(str.encode) | st.text("0123456b=A\x1eé").map(str.encode))
def test_any_body_is_read_or_refused(body):
    with suppress(MalformedError):
        for packet in packets.decode_body(body, 10):
            assert packet.kind in "0123456"


@given(st.text() | st.binary())
def test_any_message_is_read_or_refused(encoded):
    with suppress(MalformedError):
        packet = packets.decode(encoded)
        assert packet.kind in "0123456"


@given(st.binary())
def test_binary_in_a_polling_body_is_plain_base64(data):
    text = Outgoing(Packet(packets.MESSAGE, data)).text
    assert base64.b64decode(text[1:]) == data
