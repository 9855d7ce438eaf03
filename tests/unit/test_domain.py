"""What clients may write, and what they are told when they may not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_gateway.chat import domain
from chat_gateway.chat.domain import LOBBY, UNNAMED, Limits
from chatcluster.core.codes import INVALID, TOO_LONG, Code
from chatcluster.core.errors import Refused
from chatcluster.core.position import Position

LIMITS = Limits()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
READERS = {
    "room": lambda value: domain.name(value, "room", LIMITS),
    "to": lambda value: domain.optional_name(value, "to", LIMITS),
    "nickname": lambda value: domain.nickname(value, LIMITS),
    "message": lambda value: domain.text(value, LIMITS),
    "key": domain.key,
    "after": lambda value: domain.position(value, "after"),
    "limit": domain.limit,
    "typing": lambda value: domain.flag(value, "typing"),
}


def refusal(field: str, value: object) -> tuple[Code, str]:
    with pytest.raises(Refused) as caught:
        READERS[field](value)
    assert caught.value.message.startswith(f"{field}: ")
    return caught.value.code, caught.value.message


@pytest.mark.parametrize("field", READERS)
@given(value=JSON)
def test_any_value_is_taken_or_refused_by_the_name_of_its_field(field, value):
    refused: Refused | None = None
    try:
        READERS[field](value)
    except Refused as error:
        refused = error
    if refused is not None:
        assert refused.message.startswith(f"{field}: ")
        assert refused.code in (INVALID, TOO_LONG)
        refused.message.encode()  # it travels to the client


@pytest.mark.parametrize("given", ["tea", " tea\n", "\ttea", "tea time", "茶", "🫖", "a" * 64])
def test_names_are_trimmed_and_otherwise_as_they_are(given):
    assert domain.name(given, "room", LIMITS) == given.strip()


@pytest.mark.parametrize(
    ("field", "value", "code", "told"),
    [
        ("room", None, INVALID, "is missing"),
        ("room", 7, INVALID, "a text is expected"),
        ("room", ["tea"], INVALID, "a text is expected"),
        ("room", "", INVALID, "may not be empty"),
        ("room", " \t\u3000", INVALID, "may not be empty"),
        ("room", "a" * 65, TOO_LONG, "65 characters, at most 64"),
        ("room", "a\x00b", INVALID, "U+0000"),
        ("room", "a\nb", INVALID, "U+000A"),
        ("room", "é\tb", INVALID, "U+0009"),
        ("room", "a\x7fb", INVALID, "U+007F"),
        ("room", "a\x85b", INVALID, "U+0085"),
        ("room", "a\ud83d", INVALID, "U+D83D"),
        ("room", "a\u202eb", INVALID, "writing direction"),
        ("room", "a\u2066b", INVALID, "writing direction"),
        ("nickname", 7, INVALID, "a text is expected"),
        ("nickname", False, INVALID, "a text is expected"),
        ("nickname", "a" * 65, TOO_LONG, "at most 64"),
        ("nickname", "\u202eevil", INVALID, "writing direction"),
        ("to", "", INVALID, "may not be empty"),
        ("message", None, INVALID, "is missing"),
        ("message", {}, INVALID, "a text is expected"),
        ("message", "", INVALID, "may not be empty"),
        ("message", " \n ", INVALID, "may not be empty"),
        ("message", "a\x00", INVALID, "U+0000"),
        ("message", "a\x1b[31m", INVALID, "U+001B"),
        ("message", "half \udc00", INVALID, "U+DC00"),
        ("message", "a" * 8193, TOO_LONG, "8193 bytes, at most 8192"),
        ("message", "é" * 4097, TOO_LONG, "8194 bytes, at most 8192"),
        ("key", "", INVALID, "0 characters, 1 to 64"),
        ("key", "k" * 65, INVALID, "65 characters, 1 to 64"),
        ("key", "k\n", INVALID, "U+000A"),
        ("key", 1, INVALID, "a text is expected"),
        ("after", "yesterday", INVALID, "is not a position"),
        ("after", 42, INVALID, "a text is expected"),
        ("limit", 0, INVALID, "from 1 to 200"),
        ("limit", 201, INVALID, "from 1 to 200"),
        ("limit", True, INVALID, "from 1 to 200"),
        ("limit", 5.0, INVALID, "from 1 to 200"),
        ("limit", "5", INVALID, "from 1 to 200"),
        ("typing", None, INVALID, "true or false"),
        ("typing", 1, INVALID, "true or false"),
    ],
)
def test_a_refusal_names_the_field_and_says_what_was_wrong(field, value, code, told):
    found, message = refusal(field, value)
    assert found == code
    assert told in message


@pytest.mark.parametrize(
    ("field", "value", "result"),
    [
        ("nickname", None, UNNAMED),
        ("nickname", "", UNNAMED),
        ("nickname", "  ", UNNAMED),
        ("nickname", " ada ", "ada"),
        ("to", None, None),
        ("to", "bob", "bob"),
        ("message", " two\nlines\r\n\tand a tab ", " two\nlines\r\n\tand a tab "),
        ("message", "ü\n", "ü\n"),
        ("message", "é" * 4096, "é" * 4096),
        ("message", "right \u202e to left", "right \u202e to left"),
        ("key", None, None),
        ("key", "k" * 64, "k" * 64),
        ("key", "ключ", "ключ"),
        ("after", None, None),
        ("after", "e-3", Position("e", 3)),
        ("limit", None, 50),
        ("limit", 1, 1),
        ("limit", 200, 200),
        ("typing", False, False),
        ("typing", True, True),
    ],
)
def test_what_may_be_written(field, value, result):
    assert READERS[field](value) == result


def test_other_limits_count():
    limits = Limits(text=4, name=2)
    assert domain.name("ab", "room", limits) == "ab"
    assert domain.text("éé", limits) == "éé"
    with pytest.raises(Refused, match="3 characters, at most 2"):
        domain.nickname("abc", limits)
    with pytest.raises(Refused, match="5 bytes, at most 4"):
        domain.text("ééa", limits)


def test_a_room_that_is_not_named_is_the_lobby():
    assert domain.room_or_lobby(None, LIMITS) == LOBBY
    assert domain.room_or_lobby(" tea ", LIMITS) == "tea"
    with pytest.raises(Refused, match=r"^room: may not be empty"):
        domain.room_or_lobby("", LIMITS)


@pytest.mark.parametrize(
    ("args", "fields"),
    [
        ((), {}),
        ((None,), {}),
        (("tea",), {"room": "tea"}),
        (({"room": "tea", "after": 1},), {"room": "tea", "after": 1}),
    ],
)
def test_an_event_takes_a_rooms_name_an_object_or_nothing(args, fields):
    assert domain.room_or_fields(args, "join") == fields


@pytest.mark.parametrize("args", [("tea", "x"), (7,), (["tea"],), (None, None), ({}, {})])
def test_other_arguments_are_refused_by_the_name_of_the_event(args):
    with pytest.raises(Refused, match=r"^join: one object is expected"):
        domain.room_or_fields(args, "join")


@pytest.mark.parametrize("args", [(), ("text",), (None,), ({}, 1), ([],)])
def test_an_event_with_fields_takes_one_object(args):
    with pytest.raises(Refused, match=r"^chat message: one object is expected") as caught:
        domain.fields_of(args, "chat message")
    assert caught.value.code == INVALID
    assert domain.fields_of(({"a": 1},), "chat message") == {"a": 1}
