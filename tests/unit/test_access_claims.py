"""What claims say of a user."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat_gateway.access.claims import LONGEST_USER, MOST_PATTERNS, Reading, found
from chat_gateway.access.identity import Identity, Permissions, Right
from chat_gateway.chat.domain import Limits
from chatcluster.core.errors import Refused

DEFAULT = Permissions(join=("*",), write=("*",))
READING = Reading(
    user="sub",
    name="/profile/name",
    rooms={right: f"/rooms/{right}" for right in Right},
    unsaid=DEFAULT,
    limits=Limits(),
)


def read(**claims: object) -> Identity:
    return READING.identity({"sub": "u1", **claims}, "192.0.2.1", 7.0)


def test_a_user_has_an_id_a_name_an_address_and_permissions():
    assert read(profile={"name": " Ada "}, rooms={"join": ["tea", "c*"], "write": "tea"}) == (
        Identity(
            "u1", "Ada", "192.0.2.1", Permissions(join=("tea", "c*"), write=("tea",)), expires=7.0
        )
    )


def test_without_claims_about_rooms_the_default_holds_and_else_only_what_they_say():
    assert read().permissions == DEFAULT
    assert read(rooms={}).permissions == DEFAULT
    assert read(rooms={"join": []}).permissions == Permissions()


@pytest.mark.parametrize(("user", "name"), [("u1", "u1"), (42, "42")])
def test_a_user_without_a_name_is_called_by_the_id(user, name):
    identity = READING.identity({"sub": user}, "", None)
    assert (identity.user, identity.name) == (name, name)


@pytest.mark.parametrize(
    ("claims", "named"),
    [
        ({"sub": None}, "sub:"),
        ({"sub": True}, "sub:"),
        ({"sub": ["u1"]}, "sub:"),
        ({"sub": " "}, "sub:"),
        ({"sub": "u" * (LONGEST_USER + 1)}, "sub:"),
        ({"sub": "u\ud800", "profile": {"name": "Ada"}}, "sub:"),
        ({"sub": "u" * 65}, "sub:"),  # and no shorter name
        ({"profile": {"name": ""}}, "/profile/name:"),
        ({"profile": {"name": 7}}, "/profile/name:"),
        ({"profile": {"name": "\u202eadA"}}, "/profile/name:"),
        ({"rooms": {"join": 7}}, "/rooms/join:"),
        ({"rooms": {"write": [7]}}, "/rooms/write:"),
        ({"rooms": {"read": ["r" * 201]}}, "/rooms/read:"),
        ({"rooms": {"create": ["r"] * (MOST_PATTERNS + 1)}}, "/rooms/create:"),
    ],
)
def test_a_claim_that_is_not_of_its_form_is_named(claims, named):
    with pytest.raises(Refused) as refused:
        read(**claims)
    assert refused.value.code.name == "token_invalid"
    assert refused.value.message.startswith(named)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("https://example.org/name", 1),
        ("/a/b", 2),
        ("/a/c~1d~0", 3),
        ("/a/b/c", None),
        ("/x", None),
        ("x", None),
    ],
)
def test_a_claim_is_found_by_its_name_or_by_a_path(place, value):
    claims = {"https://example.org/name": 1, "a": {"b": 2, "c/d~": 3}}
    assert found(claims, place) == value


texts = st.text("a/~ \x00\u202e", max_size=5)
json = st.recursive(
    st.none() | st.booleans() | st.floats() | texts,
    lambda inner: st.lists(inner) | st.dictionaries(texts | st.sampled_from(Right), inner),
    max_leaves=8,
)


@settings(max_examples=50)
@given(st.dictionaries(st.sampled_from(["sub", "profile", "rooms"]), json))
def test_whatever_a_token_claims_it_is_read_or_refused(claims):
    codes, names = set(), set()
    try:
        names.add(READING.identity(claims, "", None).name)
    except Refused as refused:
        codes.add(refused.code.name)
    assert codes == {"token_invalid"} or (not codes and all(names))
