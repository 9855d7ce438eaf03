"""Which channels are listened to."""

from __future__ import annotations

from fnmatch import fnmatchcase

from hypothesis import given
from hypothesis import strategies as st

from chatcluster.core.envelope import Action, Envelope, RoomKey
from chatcluster.fanout.adapter.channels import Interest, Kind, Route
from chatcluster.fanout.adapter.classic_channels import Names

NAMES = Names("socket.io", lambda namespace: "A1b2C3")
SERVERS = {
    b"socket.io-request#/#",
    b"socket.io-response#/#",
    b"socket.io-response#/#A1b2C3#",
}


def test_channels_are_named_as_node_names_them() -> None:
    assert NAMES.broadcast("/", "") == b"socket.io#/#"
    assert NAMES.broadcast("/", "room1") == b"socket.io#/#room1#"
    assert NAMES.request("/admin") == b"socket.io-request#/admin#"


def test_nodes_pattern_does_not_match_channels_of_our_own() -> None:
    ours = [NAMES.ours("/", ""), NAMES.ours("/", "a"), NAMES.echo("x")]
    assert not any(fnmatchcase(name.decode(), "socket.io#/#*") for name in ours)


def test_the_first_room_of_a_namespace_brings_its_common_channels() -> None:
    interest = Interest(NAMES)
    add, drop = interest.change({RoomKey("/", "a")})
    assert set(add) == SERVERS | {
        b"socket.io#/#",
        b"socket.io-chatcluster#/#",
        b"socket.io#/#a#",
        b"socket.io-chatcluster#/#a#",
    }
    assert len(add) == 7
    assert drop == []
    assert interest.routes[b"socket.io#/#a#"] == Route(Kind.BROADCAST, "/", "a")


def test_the_last_room_of_a_namespace_takes_them_along() -> None:
    interest = Interest(NAMES)
    add, _ = interest.change({RoomKey("/", "a"), RoomKey("/", "")})
    assert interest.change({RoomKey("/", "")})[1] == [
        b"socket.io#/#a#",
        b"socket.io-chatcluster#/#a#",
    ]
    assert len(interest.change(set())[1]) == len(add) - 2
    assert interest.routes == {}


def test_a_namespace_that_is_attended_hears_servers_with_and_without_rooms() -> None:
    interest = Interest(NAMES)
    assert set(interest.attend(["/"])) == SERVERS
    assert interest.attend(["/"]) == []
    add, _ = interest.change({RoomKey("/", "a")})
    assert SERVERS.isdisjoint(add)
    interest.change(set())
    assert set(interest.routes) == SERVERS


def test_a_namespace_with_rooms_is_attended_without_a_further_channel() -> None:
    interest = Interest(NAMES)
    interest.change({RoomKey("/", "a")})
    assert interest.attend(["/"]) == []
    interest.change(set())
    assert set(interest.routes) == SERVERS


def test_an_envelope_for_all_is_wanted_as_the_empty_room() -> None:
    interest = Interest(NAMES)
    interest.change({RoomKey("/", "a")})
    to_all = Envelope("gw", 1, "/", Action.EMIT)
    assert not interest.wants(to_all)
    interest.change({RoomKey("/", "")})
    assert interest.wants(to_all)


rooms = st.sets(st.builds(RoomKey, st.sampled_from(["/", "/b"]), st.sampled_from(["", "a", "b"])))


@given(st.lists(rooms))
def test_changes_add_up_to_what_is_wanted(wants: list[set[RoomKey]]) -> None:
    interest, listening = Interest(NAMES), set[bytes]()
    for wanted in wants:
        add, drop = interest.change(wanted)
        assert listening.isdisjoint(add)
        assert listening.issuperset(drop)
        listening = (listening - set(drop)) | set(add)
        fresh = Interest(NAMES)
        fresh.change(wanted)
        assert listening == set(interest.routes)
        assert interest.routes == fresh.routes
