"""WebSocket frames that break RFC 6455, and upgrades that go wrong."""

from __future__ import annotations

import time

import pytest

from tests.e2e.lone_gateway import lone_gateway, unharmed
from tests.e2e.raw_clients import CUT, Chatter, Poller, Wire

MASK = b"\0\0\0\0"  # leaves the payload as it is
FIN = 0x80
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA


def frame(first: int, payload: bytes = b"", *, size: int | None = None, masked: bool = True):
    """A frame that says it has *size* bytes."""
    size = len(payload) if size is None else size
    bit = 0x80 if masked else 0
    if size < 126:
        head = bytes((first, bit | size))
    elif size < 65536:
        head = bytes((first, bit | 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((first, bit | 127)) + size.to_bytes(8, "big")
    return head + (MASK if masked else b"") + payload


BROKEN = {
    "text that is not UTF-8": (1007, frame(FIN | TEXT, b"4\xff")),
    "text with a half surrogate pair": (1007, frame(FIN | TEXT, b"42\xed\xa0\x80")),
    "half a character": (1007, frame(FIN | TEXT, b"42\xc3")),
    "a reserved bit": (1002, frame(FIN | 0x40 | TEXT, b"3")),
    "all reserved bits": (1002, frame(FIN | 0x70 | TEXT, b"3")),
    "a reserved opcode": (1002, frame(FIN | 0x3, b"3")),
    "a reserved control opcode": (1002, frame(FIN | 0xB)),
    "a fragmented ping": (1002, frame(PING, b"x")),
    "a fragmented close": (1002, frame(CLOSE)),
    "a ping of 126 bytes": (1002, frame(FIN | PING, b"x" * 126)),
    "a continuation of nothing": (1002, frame(FIN | CONTINUATION, b"3")),
    "text within text": (1002, frame(TEXT, b"4") + frame(FIN | TEXT, b"3")),
    "a close frame of one byte": (1002, frame(FIN | CLOSE, b"\x03")),
    "a close code that may not be sent": (1002, frame(FIN | CLOSE, b"\x03\xed")),
    "a close reason that is not UTF-8": (1007, frame(FIN | CLOSE, b"\x03\xe8\xff")),
    "a megabyte and one": (1009, frame(FIN | TEXT, b"4" * 1_000_001)),
    "a binary megabyte and one": (1009, frame(FIN | BINARY, b"4" * 1_000_001)),
    "the word of a terabyte": (1009, frame(FIN | TEXT, size=2**40)),
    "the word of 2**63 bytes": (1009, frame(FIN | TEXT, size=2**63)),
    "fragments of a megabyte": (1009, frame(TEXT, b"4") + frame(0, b"4" * 250_000) * 5),
}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    with lone_gateway(tmp_path_factory.mktemp("frames")) as program:
        yield program


@pytest.fixture(autouse=True)
def _others(gateway):
    with unharmed(gateway):
        yield


@pytest.mark.parametrize(("code", "data"), BROKEN.values(), ids=BROKEN.keys())
def test_a_frame_that_may_not_be_closes_with_its_code(gateway, code, data):
    """The client can read the code, whatever it still sends."""
    with Chatter(gateway.port, "/") as client:
        client.send_bytes(data)
        assert client.ending() == code


@pytest.mark.parametrize("pieces", [1, 2, 3])
def test_a_client_that_does_not_mask_is_closed_with_1002(gateway, pieces):
    with Wire(gateway.port) as client:
        data = frame(FIN | TEXT, b"40", masked=False)
        for number in range(0, len(data), pieces):
            client.send_bytes(data[number : number + pieces])
            time.sleep(0.01)
        assert client.ending() == 1002


def test_frames_in_pieces_and_control_frames_between_them_are_taken(gateway):
    with Wire(gateway.port) as client:
        for byte in frame(FIN | TEXT, b"40"):
            client.send_bytes(bytes((byte,)))
        client.send_bytes(frame(TEXT, b"42") + frame(FIN | PING, b"x") + frame(0, b'1["no'))
        client.send_bytes(frame(FIN | PONG, b"y") + frame(FIN, b' such"]'))
        assert str(client.read()).startswith("40")
        assert str(client.read()).startswith('431[{"error"')


def test_a_ping_frame_is_answered_with_its_data(gateway):
    with Chatter(gateway.port, "/") as client:
        client.socket.ping("hello")
        assert client.socket.recv_data(control_frame=True) == (PONG, b"hello")
        assert "id" in client.ask("chat message", {"message": "still here"})


@pytest.mark.parametrize("payload", [b"", b"\x03\xe8", b"\x03\xe9bye", b"\x0b\xb8"])
def test_a_close_frame_is_answered_with_one(gateway, payload):
    with Chatter(gateway.port, "/") as client:
        client.send_bytes(frame(FIN | CLOSE, payload))
        assert client.ending() == 1000
        assert client.ending() == CUT


def test_one_close_frame_is_sent_and_then_the_connection_is_closed(gateway):
    """At once if the client answers, after two seconds if it does not."""
    with Chatter(gateway.port, "/") as client:
        client.send("9")
        assert client.ending() == 1002
        began = time.monotonic()
        assert client.ending() == CUT
        assert time.monotonic() - began < 1.0


def test_a_client_that_vanishes_hurts_nobody(gateway):
    for data in (b"", b"\x81", frame(FIN | TEXT, b"4", size=500_000), frame(TEXT, b"42[")):
        client = Chatter(gateway.port, "/")
        client.send_bytes(data)
        client.close()


# Upgrades.


def test_an_upgrade_moves_the_session(gateway):
    poller = Poller(gateway.port)
    poller.post("40")
    with Chatter(gateway.port, sid=poller.sid) as client:
        client.send("2probe")
        assert client.read() == "3probe"
        client.send("5")
        assert client.packet().packet_type == 0  # what had waited for the next GET
        assert "id" in client.ask("chat message", {"message": "moved"})
        assert poller.post("3")[0] == 400  # it is on a WebSocket now
        assert poller.get()[0] == 400
        assert "id" in client.ask("chat message", {"message": "still here"})


@pytest.mark.parametrize(
    "packets", [("3probe",), ("2",), ("2probe ",), ("5",), ("40",), (b"2probe",), ("2probe", "40")]
)
def test_a_wrong_upgrade_leaves_the_session_where_it_is(gateway, packets):
    poller = Poller(gateway.port)
    with Chatter(gateway.port, sid=poller.sid) as client:
        client.send(*packets)
        assert client.ending() == 1002
    assert poller.post("40") == (200, "ok")
    assert poller.get()[1].startswith("40")


def test_a_second_upgrade_is_refused_and_the_first_one_goes_on(gateway):
    poller = Poller(gateway.port)
    with Chatter(gateway.port, sid=poller.sid) as first:
        first.send("2probe")
        assert first.read() == "3probe"
        with Wire(gateway.port, sid=poller.sid) as second:
            assert second.ending() == 1002
        first.send("5")
        assert first.connect("/").packet_type == 0
        with Wire(gateway.port, sid=poller.sid) as third:
            assert third.ending() == 1002
        assert "id" in first.ask("chat message", {"message": "still here"})


def test_an_upgrade_that_breaks_off_leaves_the_session_where_it_is(gateway):
    poller = Poller(gateway.port)
    with Wire(gateway.port, sid=poller.sid) as client:
        client.send("2probe")
        assert client.read() == "3probe"
    assert poller.post("40") == (200, "ok")
    assert poller.get()[1].startswith("40")


@pytest.mark.slow
def test_an_upgrade_that_never_ends_is_closed_after_ten_seconds(gateway):
    poller = Poller(gateway.port)
    with Wire(gateway.port, sid=poller.sid) as client:
        client.socket.settimeout(12)
        client.send("2probe")
        assert client.read() == "3probe"
        poller.post("40")
        assert client.ending() == 1002
    assert poller.get()[1].startswith("40")
