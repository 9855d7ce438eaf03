"""RFC 6455 through real sockets: what a client may send, on our server and on Node's (`ws`)."""

from __future__ import annotations

import pytest

from tests.conformance.frames import (
    BINARY,
    CLOSE,
    FIN,
    PING,
    PONG,
    TEXT,
    Frame,
    Peer,
    fragments,
    frame,
)
from tests.conformance.servers import CALM

SIZES = [0, 1, 124, 125, 126, 127, 65_534, 65_535, 65_536, 65_537, CALM.max_payload - 2]
WORDS = "4größer als 5 € 🧵 \ufffe\uffff\U0010ffff".encode()


# Section 5.2: base framing.


def test_texts_of_every_size_come_back(peer):
    for size in SIZES:
        text = b"4" + b"x" * size
        peer.send(frame(FIN | TEXT, text))
        assert peer.read() == Frame(TEXT, text)


def test_binary_messages_of_every_size_come_back(peer):
    for size in SIZES:
        data = bytes(range(256)) * (size // 256) + bytes(range(size % 256))
        peer.send(frame(FIN | BINARY, data))
        assert peer.read() == Frame(BINARY, data)


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_a_message_of_exactly_the_limit_comes_back(peer, opcode):
    data = b"4" * CALM.max_payload
    peer.send(frame(FIN | opcode, data))
    assert peer.read() == Frame(opcode, data)


def test_each_frame_has_a_mask_of_its_own(peer):
    for mask in (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\0\0\0\1", b"\x81\x82\x88\0"):
        peer.send(frame(FIN | TEXT, WORDS, mask=mask))
        assert peer.read() == Frame(TEXT, WORDS)


def test_frames_that_come_byte_by_byte_are_read(peer):
    for data in (b"4", b"4" + b"x" * 130):
        peer.dribble(frame(FIN | TEXT, data))
        assert peer.message() == data


def test_frames_that_come_together_are_read_in_order(peer):
    texts = [b"4%d" % number for number in range(500)]
    peer.send(*(frame(FIN | TEXT, text) for text in texts))
    assert [peer.message() for _ in texts] == texts


@pytest.mark.parametrize("size", [3, 7, 4096])
def test_frames_that_are_cut_anywhere_are_read(peer, size):
    texts = [b"4%d" % number + b"x" * (number % 200) for number in range(100)]
    peer.dribble(b"".join(frame(FIN | TEXT, text) for text in texts), size)
    assert [peer.message() for _ in texts] == texts


# Section 5.4: fragmentation.


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_fragments_become_one_message(peer, opcode, size):
    """Of any size, also cut within a character."""
    parts = [WORDS[start : start + size] for start in range(0, len(WORDS), size)]
    peer.send(*fragments(opcode, parts))
    assert peer.read() == Frame(opcode, WORDS)


@pytest.mark.parametrize("parts", [(b"", b"4a"), (b"4a", b""), (b"", b"", b"4", b"", b"a")])
def test_fragments_may_be_empty(peer, parts):
    peer.send(*fragments(TEXT, parts))
    assert peer.message() == b"4a"


def test_control_frames_come_between_fragments(peer):
    """They are answered before the message is complete."""
    first, *middle, last = fragments(TEXT, (b"4a", b"b", b"c"))
    peer.send(first, frame(FIN | PING, b"one"), *middle)
    assert peer.read() == Frame(PONG, b"one")
    peer.send(frame(FIN | PONG, b"nobody asked"), frame(FIN | PING, b"two"))
    assert peer.read() == Frame(PONG, b"two")
    peer.send(last)
    assert peer.read() == Frame(TEXT, b"4abc")


def test_a_close_frame_between_fragments_closes(peer):
    peer.send(frame(TEXT, b"4a"), frame(FIN | CLOSE, b"\x03\xe8"), frame(FIN, b"b"))
    assert peer.closing() == b"\x03\xe8"
    assert peer.ended()


# Section 5.5: control frames.


@pytest.mark.parametrize("payload", [b"", b"x", b"\0\xff\xfe", b"x" * 125], ids=len)
def test_a_ping_is_answered_with_its_payload(peer, payload):
    peer.send(frame(FIN | PING, payload))
    assert peer.read() == Frame(PONG, payload)


def test_pings_are_answered_in_order_and_among_messages(peer):
    for number in range(20):
        peer.send(frame(FIN | PING, b"%d" % number), frame(FIN | TEXT, b"4%d" % number))
    pongs = [frame for frame in (peer.read() for _ in range(40)) if frame.first == PONG]
    assert pongs == [Frame(PONG, b"%d" % number) for number in range(20)]


def test_a_pong_is_not_answered(peer):
    peer.send(frame(FIN | PONG), frame(FIN | PONG, b"x" * 125), frame(FIN | TEXT, b"4a"))
    assert peer.message() == b"4a"


CODES = [1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999]


@pytest.mark.parametrize("code", CODES)
def test_a_close_frame_is_answered_with_its_code(peer, code):
    peer.send(frame(FIN | CLOSE, code.to_bytes(2, "big")))
    assert peer.closing()[:2] == code.to_bytes(2, "big")


@pytest.mark.parametrize("reason", [b"", "grüße".encode(), b"x" * 123], ids=len)
def test_after_the_answer_to_a_close_frame_the_server_closes(peer, reason):
    """Section 7.1.1. The frame may hold a reason."""
    peer.send(frame(FIN | CLOSE, b"\x03\xe8" + reason))
    assert peer.closing()[:2] == b"\x03\xe8"
    assert peer.ended()


def test_a_close_frame_without_a_code_is_answered(peer):
    peer.send(frame(FIN | CLOSE))
    assert peer.closing() in (b"", b"\x03\xe8")
    assert peer.ended()


def test_what_comes_together_with_a_close_frame_is_answered_before(ours):
    """Node's server takes it, and says nothing any more."""
    texts = [b"4%d" % number for number in range(10)]
    with Peer(ours.calm) as peer:
        peer.send(*(frame(FIN | TEXT, text) for text in texts), frame(FIN | CLOSE, b"\x03\xe9"))
        assert [peer.message() for _ in texts] == texts
        assert peer.closing() == b"\x03\xe9"
        assert peer.ended()


def test_after_a_close_frame_nothing_is_taken(peer):
    peer.send(frame(FIN | CLOSE, b"\x03\xe8"), frame(FIN | TEXT, b"4a"), frame(FIN | PING))
    assert peer.closing() == b"\x03\xe8"
    assert peer.ended()
