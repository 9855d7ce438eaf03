"""A connection to Redis: bytes in, answers and messages out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from chatcluster.connections.redis import endpoint
from chatcluster.connections.redis_link import SILENT_LOOKS, Message, RedisLink, command
from chatcluster.core.errors import FanoutError

PING = command(b"PING")


class Wire(asyncio.Transport):
    """Keeps what is written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.aborted = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.writes.append(bytes(data))

    def abort(self) -> None:
        self.aborted = True


class Ends:
    """Both ends of a link."""

    def __init__(self) -> None:
        self.batches: list[Sequence[Message]] = []
        self.link = RedisLink(self.batches.append)
        self.wire = Wire()
        self.link.connection_made(self.wire)


@pytest.fixture
async def ends() -> Ends:
    return Ends()


def message(channel: bytes, payload: bytes) -> bytes:
    return command(b"message", channel, payload)


async def test_all_messages_of_one_read_come_at_once(ends: Ends) -> None:
    ends.link.data_received(message(b"c", b"1") + message(b"d", b"2"))
    assert ends.batches == [[(b"c", b"1"), (b"d", b"2")]]


async def test_a_message_may_come_in_pieces(ends: Ends) -> None:
    for byte in message(b"c", b"\r\n\x00"):
        ends.link.data_received(bytes([byte]))
    assert ends.batches == [[(b"c", b"\r\n\x00")]]


async def test_answers_belong_to_questions_in_their_order(ends: Ends) -> None:
    first = ends.link.ask([b"one", b"two"], 2)
    second = ends.link.ask([b"three"], 1)
    ends.link.data_received(b":1\r\n")
    assert not first.done()
    ends.link.data_received(b":1\r\n:0\r\n")
    assert first.done()
    assert second.done()


async def test_what_is_asked_in_one_turn_leaves_in_one_write(ends: Ends) -> None:
    ends.link.ask([b"one", b"two"], 2)
    ends.link.tell([b"three"])
    ends.link.ask([b"four"], 1)
    await asyncio.sleep(0)
    assert ends.wire.writes == [b"onetwothreefour"]


async def test_messages_and_confirmations_between_answers_are_no_answers(ends: Ends) -> None:
    """While subscribed, PING is answered by a list, as messages are."""
    pong = ends.link.ask([PING], 1)
    ends.link.data_received(b"*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n" + message(b"c", b"1"))
    assert not pong.done()
    ends.link.data_received(command(b"pong", b""))
    assert pong.done()


async def test_an_error_fails_the_question_that_it_answers_only(ends: Ends) -> None:
    refused, taken = ends.link.ask([b"x", b"y"], 2), ends.link.ask([b"z"], 1)
    ends.link.data_received(b"-NOPERM no\r\n:1\r\n:1\r\n")
    with pytest.raises(FanoutError, match="NOPERM"):
        await refused
    await taken


async def test_when_it_ends_nobody_waits_any_longer(ends: Ends) -> None:
    waiting = ends.link.ask([PING], 1)
    ends.link.connection_lost(ConnectionResetError("reset"))
    with pytest.raises(FanoutError, match="reset"):
        await waiting
    with pytest.raises(FanoutError):
        await ends.link.ask([PING], 1)
    assert ends.link.ended.done()


async def test_after_it_ended_nothing_is_handed_over(ends: Ends) -> None:
    ends.link.close(FanoutError("closed"))
    ends.link.data_received(message(b"c", b"1"))
    ends.link.connection_lost(None)
    assert ends.batches == []
    assert ends.wire.aborted


@pytest.mark.parametrize("said", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b":1\r\n"])
async def test_a_server_that_talks_nonsense_ends_it(ends: Ends, said: bytes) -> None:
    ends.link.data_received(said)
    assert ends.link.ended.done()


async def test_a_cancelled_question_does_not_shift_the_answers(ends: Ends) -> None:
    cancelled, other = ends.link.ask([PING], 1), ends.link.ask([PING], 1)
    cancelled.cancel()
    ends.link.data_received(b"+PONG\r\n")
    assert not other.done()
    ends.link.data_received(b"+PONG\r\n")
    assert other.done()


async def test_silence_over_several_looks_ends_it(ends: Ends) -> None:
    for _ in range(SILENT_LOOKS):
        assert not ends.link.ended.done()
        ends.link.look()
    assert "silent" in str(ends.link.ended.result())


async def test_anything_that_arrives_is_a_sign_of_life(ends: Ends) -> None:
    for _ in range(3 * SILENT_LOOKS):
        ends.link.look()
        ends.link.data_received(message(b"c", b"1"))
    assert not ends.link.ended.done()


URLS: dict[str, tuple[str, int, str, tuple[str, ...]]] = {
    "redis://cache": ("cache", 6379, "", ()),
    "redis://:secret@cache:7000/3": ("cache", 7000, "", ("secret",)),
    "redis://chat:s%40cret@cache": ("cache", 6379, "", ("chat", "s@cret")),
    "unix:///run/redis.sock": ("", 0, "/run/redis.sock", ()),
}


@pytest.mark.parametrize("url", URLS)
def test_a_url_says_where_and_as_whom(url: str) -> None:
    found = endpoint(url)
    assert (found.host, found.port, found.path, found.credentials) == URLS[url]
    assert found.tls is None


def test_a_rediss_url_asks_for_tls_and_checks_the_name() -> None:
    tls = endpoint("rediss://cache").tls
    assert tls is not None
    assert tls.check_hostname


@pytest.mark.parametrize(
    "url", ["cache:6379", "http://cache", "rediss://cache?ssl_ca_certs=/nowhere", "redis://a:b:c"]
)
def test_a_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="not a usable Redis URL"):
        endpoint(url)
