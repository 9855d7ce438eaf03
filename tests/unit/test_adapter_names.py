"""The channels and streams of Node's newer adapters."""

from __future__ import annotations

import pytest

from chatcluster.core.envelope import Action, Envelope, RoomKey
from chatcluster.fanout.adapter.protocols import Streams
from chatcluster.fanout.adapter.sharded import ShardedNames, utf16_length
from chatcluster.fanout.adapter.streams import StreamNames, hash_code
from chatcluster.fanout.adapter.uids import Uids, classic_uids, cluster_uids

UIDS = Uids(lambda: "0123456789abcdef")
PRIVATE = "s" * 20  # as long as a socket id


def sharded(mode: str) -> ShardedNames:
    return ShardedNames("socket.io", mode, UIDS)


def test_servers_have_two_channels_for_each_namespace() -> None:
    channels = dict(sharded("static").of_server("/"))
    assert set(channels) == {b"socket.io#/#", b"socket.io#/#0123456789abcdef#"}


@pytest.mark.parametrize(
    ("mode", "channels"),
    [
        ("static", (0, 0)),
        ("dynamic", (1, 0)),
        ("dynamic-private", (1, 1)),
    ],
)
def test_which_rooms_have_a_channel(mode: str, channels: tuple[int, int]) -> None:
    names = sharded(mode)
    found = tuple(len(list(names.of_room(RoomKey("/", room)))) for room in ("a", PRIVATE))
    assert found == channels
    for room, has in zip(("a", PRIVATE), channels, strict=True):
        expected = f"socket.io#/#{room}#" if has else "socket.io#/#"
        assert names.for_rooms("/", (room,)) == expected.encode()
    assert names.for_rooms("/", ()) == names.for_rooms("/", ("a", "b")) == b"socket.io#/#"
    assert list(names.of_room(RoomKey("/", ""))) == []


def test_lengths_are_those_of_javascript() -> None:
    assert (utf16_length("a"), utf16_length("é"), utf16_length("🎉")) == (1, 1, 2)
    assert sharded("dynamic").has_channel("🎉" * 20)
    assert not sharded("dynamic").has_channel("🎉" * 10)


@pytest.mark.parametrize(
    ("text", "code"),
    [("/", 47), ("/notifications", -1014064871), ("/presence", -327680470), ("", 0)],
)
def test_names_are_hashed_as_node_does(text: str, code: int) -> None:
    assert hash_code(text) == code


def test_one_stream_has_its_plain_name() -> None:
    names = StreamNames(Streams(), UIDS)
    assert names.streams() == [names.stream("/notifications")] == [b"socket.io"]


def test_several_streams_are_written_where_node_reads_and_read_where_it_writes() -> None:
    names = StreamNames(Streams(stream_count=3), UIDS)
    nodes_readers = {b"socket.io-0", b"socket.io-1", b"socket.io-2"}
    for namespace in ("/", "/notifications", "/presence", "/chat"):
        assert names.stream(namespace) in nodes_readers
        node_writes = b"socket.io-%d" % _remainder(hash_code(namespace), 3)
        assert node_writes in names.streams()
        if hash_code(namespace) >= 0:
            assert names.stream(namespace) == node_writes
    assert b"socket.io" in names.streams()  # the emitter's


def _remainder(value: int, divisor: int) -> int:
    """As JavaScript's "%": with the sign of the dividend."""
    return value % divisor if value >= 0 else -(-value % divisor)


def test_names_of_servers_have_nodes_lengths() -> None:
    random = iter(range(100))

    def random_bytes(count: int) -> bytes:
        return bytes([next(random)]) * count

    classic, cluster = classic_uids(random_bytes), cluster_uids(random_bytes)
    assert len(classic.of("/")) == 6
    assert len(cluster.of("/")) == 16
    assert classic.of("/") == classic.of("/") != classic.of("/chat")


def test_an_envelope_of_one_room_goes_by_its_channel() -> None:
    names = sharded("dynamic")
    envelope = Envelope("gw", 1, "/", Action.EMIT, rooms=("a",))
    assert names.for_rooms(envelope.namespace, envelope.rooms) == b"socket.io#/#a#"
