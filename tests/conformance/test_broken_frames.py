"""RFC 6455 through real sockets: what a client may not send, on our server and on Node's (`ws`)."""

from __future__ import annotations

import pytest

from tests.conformance.frames import (
    BINARY,
    CLOSE,
    CONTINUATION,
    FIN,
    PING,
    PONG,
    TEXT,
    fragments,
    frame,
)
from tests.conformance.servers import CALM

GOOD = frame(FIN | TEXT, b"4a")
PROTOCOL_ERRORS = {
    **{f"reserved bits {bits:03b}": frame(FIN | bits << 4 | TEXT, b"4a") for bits in range(1, 8)},
    "reserved bit of a ping": frame(FIN | 0x40 | PING),
    "reserved bit of a continuation": frame(TEXT, b"4a") + frame(FIN | 0x20, b"b"),
    **{
        f"opcode {opcode:x}": frame(FIN | opcode, b"4a")
        for opcode in (*range(3, 8), *range(11, 16))
    },
    "a fragmented ping": frame(PING, b"x"),
    "a fragmented pong": frame(PONG, b"x"),
    "a fragmented close": frame(CLOSE, b"\x03\xe8"),
    "a ping of 126 bytes": frame(FIN | PING, b"x" * 126),
    "a ping of 70,000 bytes": frame(FIN | PING, b"x" * 70_000),
    "a pong of 126 bytes": frame(FIN | PONG, b"x" * 126),
    "a close of 126 bytes": frame(FIN | CLOSE, b"\x03\xe8" + b"x" * 124),
    "a continuation of nothing": frame(FIN | CONTINUATION, b"4a"),
    "a fragment of nothing": frame(CONTINUATION, b"4a"),
    "a continuation of what is complete": b"".join(fragments(PONG, (b"",))) + frame(FIN, b"4"),
    "text within text": frame(TEXT, b"4a") + GOOD,
    "binary within text": frame(TEXT, b"4a") + frame(BINARY, b"b"),
    "a close frame of one byte": frame(FIN | CLOSE, b"\x03"),
    **{
        f"close code {code}": frame(FIN | CLOSE, code.to_bytes(2, "big"))
        for code in (0, 999, 1004, 1005, 1015, 1016, 1100, 2000, 2999)
    },
}
UNMASKED = {
    "a text": frame(FIN | TEXT, b"4a", mask=None),
    "an empty binary message": frame(FIN | BINARY, mask=None),
    "a ping": frame(FIN | PING, b"a", mask=None),
    "a close": frame(FIN | CLOSE, b"\x03\xe8", mask=None),
}
LATER_UNMASKED = {**UNMASKED, "a fragment": frame(TEXT, b"4a") + frame(FIN, b"b", mask=None)}
NOT_UTF8 = {
    "a lone continuation byte": b"4\x80",
    "a byte that never is": b"4\xff",
    "half a character": b"4\xce",
    "three quarters of a character": b"4\xf0\x9f\xa7",
    "an overlong slash": b"4\xc0\xaf",
    "an overlong nothing": b"4\xe0\x80\x80",
    "a surrogate": b"4\xed\xa0\x80",
    "a pair of surrogates": b"4\xed\xa0\xbd\xed\xb7\xb5",
    "beyond Unicode": b"4\xf4\x90\x80\x80",
    "five bytes": b"4\xf8\x88\x80\x80\x80",
}
TOO_BIG = {
    "a frame": frame(FIN | TEXT, b"4" * (CALM.max_payload + 1)),
    "a binary frame": frame(FIN | BINARY, b"4" * (CALM.max_payload + 1)),
    "the word of a frame": frame(FIN | BINARY, size=CALM.max_payload + 1),
    "the word of a terabyte": frame(FIN | TEXT, size=2**40),
    "the word of 2**62 bytes": frame(FIN | TEXT, size=2**62),
    "fragments": b"".join(fragments(TEXT, [b"4" * (CALM.max_payload // 4)] * 4 + [b"x"])),
    "the word of the last fragment": frame(BINARY, b"4" * 10)
    + frame(FIN, size=CALM.max_payload - 9),
}


def closes(peer, data, code):
    """With *code*; what comes before the frame is answered, and what comes behind it is not."""
    peer.send(frame(FIN | TEXT, b"4before"))
    assert peer.message() == b"4before"
    peer.send(data)
    peer.send(frame(FIN | TEXT, b"4after"))
    assert peer.code() == code


@pytest.mark.parametrize("data", PROTOCOL_ERRORS.values(), ids=PROTOCOL_ERRORS.keys())
def test_what_breaks_the_protocol_closes_with_1002(peer, data):
    closes(peer, data, 1002)


@pytest.mark.parametrize("code", [1006, 5000, 65_535])
def test_a_close_code_that_nobody_may_send_closes_with_1002(peer, code):
    closes(peer, frame(FIN | CLOSE, code.to_bytes(2, "big")), 1002)


def test_a_text_behind_an_empty_fragment_closes_with_1002(peer):
    closes(peer, frame(TEXT) + GOOD, 1002)


@pytest.mark.parametrize("data", UNMASKED.values(), ids=UNMASKED.keys())
def test_a_first_frame_without_a_mask_closes_with_1002(peer, data):
    peer.send(data)
    assert peer.code() == 1002


@pytest.mark.parametrize("data", LATER_UNMASKED.values(), ids=LATER_UNMASKED.keys())
def test_a_later_frame_without_a_mask_closes_with_1002(peer, data):
    closes(peer, data, 1002)


def test_what_comes_together_with_a_frame_that_may_not_be_is_answered_before(peer):
    texts = [b"4%d" % number for number in range(10)]
    peer.send(*(frame(FIN | TEXT, text) for text in texts), frame(FIN | 0x3), GOOD)
    assert [peer.message() for _ in texts] == texts
    assert peer.code() == 1002


def test_after_a_frame_that_may_not_be_the_connection_ends(peer):
    """Also if the client does not close it."""
    closes(peer, frame(FIN | 0x3), 1002)
    assert peer.ended()


@pytest.mark.parametrize("data", NOT_UTF8.values(), ids=NOT_UTF8.keys())
def test_a_text_that_is_not_utf8_closes_with_1007(peer, data):
    closes(peer, frame(FIN | TEXT, data), 1007)


@pytest.mark.parametrize("data", NOT_UTF8.values(), ids=NOT_UTF8.keys())
def test_fragments_that_are_not_utf8_close_with_1007(peer, data):
    closes(peer, b"".join(fragments(TEXT, [data[:2], data[2:], b""])), 1007)


@pytest.mark.parametrize("data", NOT_UTF8.values(), ids=NOT_UTF8.keys())
def test_a_reason_that_is_not_utf8_closes_with_1007(peer, data):
    closes(peer, frame(FIN | CLOSE, b"\x03\xe8" + data), 1007)


@pytest.mark.parametrize("data", TOO_BIG.values(), ids=TOO_BIG.keys())
def test_a_message_over_the_limit_closes_with_1009(peer, data):
    closes(peer, data, 1009)
