"""Random frames: what our server makes of them is what the RFC's rules as the library `websockets`
has them lead to.
"""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.frames import Close, Opcode
from websockets.protocol import Protocol, Side, State

from tests.conformance.frames import (
    BINARY,
    CLOSE,
    CONTINUATION,
    FIN,
    PING,
    PONG,
    TEXT,
    Frame,
    Peer,
    frame,
)

END = 4321  # the code that closes an example
MOST = 1_000_000

text = st.text(max_size=20).map(lambda text: b"4" + text.encode())
payloads = text | st.binary(max_size=130) | st.sampled_from([b"", b"3", b"4", b"4" + b"x" * 70_000])
pieces = st.sampled_from([b"4a", b"b", "ö".encode(), "🧵".encode()])
masks = st.binary(min_size=4, max_size=4)
codes = st.sampled_from([0, 999, 1000, 1001, 1004, 1005, 1015, 1016, 2999, 3000, 4999])

data = st.builds(frame, st.sampled_from([FIN | TEXT, FIN | BINARY]), payloads, mask=masks)
fragment = st.builds(
    frame,
    st.sampled_from([TEXT, BINARY, CONTINUATION, CONTINUATION, FIN | CONTINUATION]),
    pieces,
    mask=masks,
)
control = st.builds(
    frame, st.sampled_from([FIN | PING, FIN | PONG]), st.binary(max_size=125), mask=masks
)
close = st.builds(
    lambda code, reason, mask: frame(
        FIN | CLOSE, code.to_bytes(2, "big") + reason.encode(), mask=mask
    ),
    codes,
    st.text(max_size=20),
    masks,
)
anything = st.builds(frame, st.integers(0, 255), st.binary(min_size=1, max_size=5), mask=masks)
good = data | data | fragment | fragment | fragment | control
conversations = st.builds(
    lambda frames, last: [*frames, last], st.lists(good, max_size=8), good | close | anything
)


class Outcome(NamedTuple):
    frames: list[Frame]
    codes: set[int]  # any of which closes the connection; none: it stays open


class Oracle:
    """What an echo server for Engine.IO sends to a client."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self._message = b""
        self._opcode = Opcode.CONT

    def outcome(self, received: list[bytes]) -> Outcome:
        protocol = Protocol(Side.SERVER, state=State.OPEN, max_size=MOST)
        for data in received:
            protocol.receive_data(data)
            for event in protocol.events_received():
                codes = self._take(event)
                if codes:
                    return Outcome(self.frames, codes)
            if protocol.close_sent is not None:
                codes = {int(protocol.close_sent.code)}
                if protocol.close_rcvd is not None:
                    # The library refuses to close within a message, which section 5.4 allows.
                    codes |= {1000, protocol.close_rcvd.code}
                return Outcome(self.frames, codes)
        return Outcome(self.frames, set())

    def _take(self, event: object) -> set[int]:
        opcode, payload, fin = event.opcode, bytes(event.data), event.fin  # type: ignore[attr-defined]
        if opcode is Opcode.CLOSE:
            # The code is echoed, or answered with 1000.
            return {1000, Close.parse(payload).code}
        if opcode is Opcode.PING:
            self.frames.append(Frame(PONG, payload))
        elif opcode is not Opcode.PONG:
            if opcode is not Opcode.CONT:
                self._opcode, self._message = opcode, b""
            self._message += payload
            return self._complete() if fin else set()
        return set()

    def _complete(self) -> set[int]:
        if self._opcode is Opcode.BINARY:
            self.frames.append(Frame(BINARY, self._message))
            return set()
        try:
            text = self._message.decode()
        except UnicodeDecodeError:
            return {1007}
        if text[:1] == "4":
            self.frames.append(Frame(TEXT, self._message))
        elif text[:1] == "1":
            return {1000}
        elif text[:1] != "3":
            return {1002}
        return set()


def messages(outcome: Outcome) -> list[Frame]:
    return [frame for frame in outcome.frames if frame.first != PONG]


def pongs(outcome: Outcome) -> list[Frame]:
    return [frame for frame in outcome.frames if frame.first == PONG]


def answered(port: int, sent: list[bytes], cuts: list[int]) -> Outcome:
    """What the server sends for *sent*, which comes in pieces of the sizes *cuts*."""
    with Peer(port) as peer:
        rest = b"".join(sent) + frame(FIN | CLOSE, END.to_bytes(2, "big"))
        with suppress(ConnectionError):  # it may have closed already
            for size in cuts:
                peer.send(rest[:size])
                rest = rest[size:]
            peer.send(rest)
        frames: list[Frame] = []
        while (got := peer.read()).first != CLOSE:
            frames.append(got)
        return Outcome(frames, {int.from_bytes(got.payload[:2], "big")} - {END})


@pytest.mark.timeout(120)
@settings(
    max_examples=300,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(sent=conversations, cuts=st.lists(st.integers(1, 40), max_size=5))
def test_random_frames_are_answered_by_the_rules(ours, sent, cuts):
    expected = Oracle().outcome(sent)
    got = answered(ours.calm, sent, cuts)
    assert messages(got) == messages(expected)
    # Pings need not wait until the messages before them have been handled.
    assert pongs(got)[: len(pongs(expected))] == pongs(expected)
    assert expected.codes or pongs(got) == pongs(expected)
    assert got.codes <= expected.codes
    assert bool(got.codes) == bool(expected.codes)
