"""WebSocket frames, as bytes, in whatever pieces they come."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat_gateway.sockets import frames
from chat_gateway.sockets.frames import (
    BINARY,
    CONTINUATION,
    FIN,
    NOT_UTF8,
    PING,
    PONG,
    PROTOCOL_ERROR,
    TEXT,
    TOO_BIG,
    FrameError,
    Message,
    Reader,
)
from chatcluster.core.codes import ALL

LIMIT = 100_000
MASKS = st.binary(min_size=4, max_size=4)
CONTROL = st.tuples(st.sampled_from([PING, PONG]), st.binary(max_size=125))


def payload_of(frame: bytes) -> bytes:
    """RFC 6455 section 5.2, of an unmasked frame."""
    size, rest = frame[1], frame[2:]
    if size >= 126:
        width = 2 if size == 126 else 8
        size, rest = int.from_bytes(rest[:width], "big"), rest[width:]
    assert len(rest) == size
    return rest


def masked(first: int, payload: bytes, mask: bytes = b"\x01\x02\x03\x04") -> bytes:
    """A frame as clients send it, byte by byte as section 5.3 has it."""
    head = bytearray(frames.frame(0, payload)[: -len(payload) or None])
    head[0] = first
    head[1] |= 0x80
    return bytes(head) + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload))


def read_all(data: bytes, cuts: list[int] | None = None, limit: int = LIMIT) -> list[Message]:
    """The messages of *data*, which comes in pieces that end at *cuts*."""
    reader, messages = Reader(limit), list[Message]()
    ends = sorted({cut % (len(data) + 1) for cut in cuts or []} | {len(data)})
    for start, end in zip([0, *ends], ends, strict=False):
        reader.feed(data[start:end], messages)
    assert not reader.pending
    return messages


@st.composite
def conversations(draw):
    """Messages, some in fragments with control frames between them, as frames."""
    messages, sent = [], b""
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from([TEXT, BINARY]))
        parts = draw(st.lists(st.binary(max_size=300), min_size=1, max_size=4))
        controls = []
        for number, part in enumerate(parts):
            first = (CONTINUATION if number else kind) | (FIN if number == len(parts) - 1 else 0)
            sent += masked(first, part, draw(MASKS))
            if not first & FIN and draw(st.booleans()):
                controls.append(draw(CONTROL))
                sent += masked(FIN | controls[-1][0], controls[-1][1], draw(MASKS))
        messages += [*controls, (kind, b"".join(parts))]
    return messages, sent


@given(conversations(), st.lists(st.integers(0, 3000), max_size=8))
@settings(max_examples=100)
def test_messages_are_read_however_they_are_cut(conversation, cuts):
    messages, sent = conversation
    assert read_all(sent, cuts) == messages


@given(st.binary(max_size=600), st.lists(st.integers(0, 600), max_size=4))
@settings(max_examples=300)
def test_whatever_comes_is_read_or_refused_the_same_in_one_piece_and_in_several(data, cuts):
    def outcome(pieces: list[bytes]) -> tuple[list[Message], int]:
        reader, messages = Reader(LIMIT), list[Message]()
        for piece in pieces:
            try:
                reader.feed(piece, messages)
            except FrameError as error:
                return messages, error.number
        return messages, 0

    ends = sorted({cut % (len(data) + 1) for cut in cuts} | {len(data)})
    pieces = [data[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    assert outcome(pieces) == outcome([data])


@given(st.binary(max_size=300), MASKS)
def test_masking_twice_changes_nothing(payload, mask):
    assert frames.apply_mask(frames.apply_mask(payload, mask), mask) == payload


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])
def test_frames_of_every_size_are_read(size):
    assert read_all(masked(FIN | BINARY, b"x" * size)) == [(BINARY, b"x" * size)]


@pytest.mark.parametrize(
    ("number", "sent"),
    {
        "a reserved bit": (PROTOCOL_ERROR, masked(FIN | 0x40 | TEXT, b"")),
        "a reserved opcode": (PROTOCOL_ERROR, masked(FIN | 0x3, b"")),
        "a fragmented ping": (PROTOCOL_ERROR, masked(PING, b"")),
        "a long ping": (PROTOCOL_ERROR, masked(FIN | PING, b"x" * 126)),
        "no mask": (PROTOCOL_ERROR, frames.frame(TEXT, b"4")),
        "a continuation of nothing": (PROTOCOL_ERROR, masked(FIN | CONTINUATION, b"")),
        "a message within another": (PROTOCOL_ERROR, masked(TEXT, b"") + masked(FIN | TEXT, b"")),
        "too much": (TOO_BIG, masked(FIN | TEXT, b"x" * (LIMIT + 1))),
        "too much in parts": (TOO_BIG, masked(TEXT, b"x") + masked(FIN, b"x" * LIMIT)),
        "the word of a terabyte": (TOO_BIG, b"\x81\xff" + (2**40).to_bytes(8, "big")),
    }.values(),
)
def test_what_may_not_be_sent_is_refused_after_what_came_before_it(number, sent):
    reader, messages = Reader(LIMIT), list[Message]()
    with pytest.raises(FrameError) as error:
        reader.feed(masked(FIN | PING, b"before") + sent, messages)
    assert error.value.number == number
    assert messages == [(PING, b"before")]


def test_a_large_size_is_refused_before_it_has_come():
    with pytest.raises(FrameError):
        Reader(1000).feed(masked(FIN | TEXT, b"x" * 1001)[:4], [])


def test_a_fragment_that_is_too_much_is_refused_before_it_has_come():
    reader = Reader(1000)
    reader.feed(masked(TEXT, b"x" * 500) + masked(CONTINUATION, b"x" * 300), [])
    with pytest.raises(FrameError) as error:
        reader.feed(masked(FIN, b"x" * 201)[:4], [])
    assert error.value.number == TOO_BIG


def test_a_message_that_is_full_leaves_room_for_pings_and_for_the_next_one():
    full = masked(TEXT, b"x" * 5) + masked(FIN | PING, b"x") + masked(FIN, b"")
    assert read_all(full * 2, limit=5) == [(PING, b"x"), (TEXT, b"x" * 5)] * 2


@pytest.mark.parametrize("payload", [b"", b"\x03\xe8", b"\x0b\xb8bye", b"\x13\x87"])
def test_close_frames_that_may_be_sent(payload):
    frames.check_close(payload)


@pytest.mark.parametrize(
    ("number", "payload"),
    [
        (PROTOCOL_ERROR, b"\x03"),
        (PROTOCOL_ERROR, b"\x03\xed"),
        (PROTOCOL_ERROR, b"\x00\x00"),
        (PROTOCOL_ERROR, b"\x13\x88"),
        (NOT_UTF8, b"\x03\xe8\xff"),
    ],
)
def test_close_frames_that_may_not(number, payload):
    with pytest.raises(FrameError) as error:
        frames.check_close(payload)
    assert error.value.number == number


@pytest.mark.parametrize(
    ("size", "head"),
    [
        (0, b"\x82\x00"),
        (1, b"\x82\x01"),
        (125, b"\x82\x7d"),
        (126, b"\x82\x7e\x00\x7e"),
        (65535, b"\x82\x7e\xff\xff"),
        (65536, b"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
    ],
)
def test_frames_of_every_size_have_the_head_that_rfc_6455_asks_for(size, head):
    assert frames.frame(BINARY, b"x" * size) == head + b"x" * size


@pytest.mark.parametrize("code", ALL, ids=lambda code: code.name)
def test_every_code_fits_into_a_close_frame(code):
    frame = frames.close_frame(code.number, code.name)
    assert frame[0] == 0x88
    assert payload_of(frame) == code.number.to_bytes(2, "big") + code.name.encode()


@pytest.mark.parametrize(("reason", "kept"), [("x" * 200, "x" * 123), ("ä" * 100, "ä" * 61)])
def test_a_long_reason_is_cut_to_what_a_control_frame_holds(reason, kept):
    frame = frames.close_frame(1002, reason)
    assert payload_of(frame) == b"\x03\xea" + kept.encode()
