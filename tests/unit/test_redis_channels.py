"""Which channels mode `redis` uses, and that they add up to what is wanted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chatcluster.core.envelope import Action, Envelope, RoomKey
from chatcluster.fanout.redis.channels import Interest, Names, Route

NAMES = Names("chat")
EVENTS = ("chat message", "note")


def channel(*rooms: str, event: str = "note", namespace: str = "/", signal: bool = False) -> str:
    action = Action.SIGNAL if signal else Action.EMIT
    return NAMES.of(Envelope("gw", 1, namespace, action, rooms=rooms, event=event)).decode()


def test_everybody_hears_the_channel_of_the_event() -> None:
    assert channel(event="chat message") == "chat:chat message"


def test_a_room_has_its_own_channel() -> None:
    assert channel("tea") == "chat:note:tea"
    assert channel("tea", namespace="/chat") == "chat:note:/chat:tea"


def test_everybody_of_another_namespace_has_one_too() -> None:
    assert channel(namespace="/chat") == "chat:note:/chat:"


def test_several_rooms_share_that_of_the_event() -> None:
    assert channel("a", "b") == channel("a", "b", namespace="/chat") == "chat:note"


def test_what_is_not_for_clients_has_channels_of_its_own() -> None:
    assert channel("tea", signal=True) == "chat:#:/:tea"
    assert channel(signal=True) == "chat:#:/:"
    assert channel("a", "b", signal=True) == "chat:#:/"


def test_names_are_quoted() -> None:
    assert channel("a:b%", event="#user:new") == "chat:%23user%3Anew:a%3Ab%25"


names = st.text(st.sampled_from(":%#/ab"), max_size=4)
scopes = st.tuples(names.filter(bool), names.map(lambda name: f"/{name}"), names)


@given(scopes, scopes)
def test_two_rooms_never_share_a_channel(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert (NAMES.one(*one) == NAMES.one(*other)) == (one == other)


@given(scopes)
def test_what_gateways_tell_each_other_never_looks_like_an_event(scope: tuple[str, ...]) -> None:
    event, namespace, room = scope
    ours = {NAMES.one("", namespace, room), NAMES.any("", namespace), NAMES.private("here", room)}
    assert len(ours) == 3
    assert ours.isdisjoint((NAMES.one(event, namespace, room), NAMES.any(event, namespace)))


rooms = st.sets(
    st.builds(RoomKey, st.sampled_from(["/", "/b", "#"]), st.sampled_from(["", "a", "b"]))
)


@given(st.lists(rooms))
def test_changes_add_up_to_what_is_wanted(wants: list[set[RoomKey]]) -> None:
    interest, listening = Interest(NAMES, EVENTS), set[bytes]()
    for wanted in wants:
        add, drop = interest.change(wanted)
        assert listening.isdisjoint(add)
        assert listening.issuperset(drop)
        listening = (listening - set(drop)) | set(add)
        fresh = Interest(NAMES, EVENTS)
        fresh.change(wanted)
        assert listening == set(interest.routes)
        assert interest.routes == fresh.routes


@given(rooms)
def test_whatever_is_published_for_a_wanted_room_is_listened_to(wanted: set[RoomKey]) -> None:
    interest = Interest(NAMES, EVENTS)
    interest.change(wanted)
    for namespace, room in wanted:
        for action in (Action.EMIT, Action.JOIN):
            for to in ((room,) if room else (), (room, "other")):
                envelope = Envelope("gw", 1, namespace, action, rooms=to, event="note")
                if action is Action.JOIN or namespace != "#":
                    assert NAMES.of(envelope) in interest.routes


def test_nobody_here_is_nothing_to_listen_to() -> None:
    interest = Interest(NAMES, EVENTS)
    add, _ = interest.change({RoomKey("#", "")})  # what gateways always want
    assert set(add) == {b"chat:#:%23", b"chat:#:%23:"}
    add, _ = interest.change({RoomKey("#", ""), RoomKey("/", "tea")})
    assert {channel for channel in add if b"#" not in channel} == {
        b"chat:chat message",
        b"chat:note",
        b"chat:chat message:tea",
        b"chat:note:tea",
    }
    assert interest.routes[b"chat:note:tea"] == Route("note", "/", "tea")
