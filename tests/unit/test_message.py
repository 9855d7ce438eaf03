"""A message in the log, to clients, and from other gateways."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chat_gateway.chat.domain import LOBBY, Message
from chatcluster.core.envelope import Envelope
from chatcluster.core.errors import MalformedError
from chatcluster.core.position import Position

MESSAGES = st.builds(
    Message,
    room=st.sampled_from([LOBBY, "tea", "茶"]),
    nick=st.text(),
    text=st.text(),
    time=st.floats(0, 2**40),
    dyno=st.text(),
    to=st.none() | st.text(),
    key=st.none() | st.text(min_size=1),
)
STORED = st.builds(replace, MESSAGES, alone=st.booleans(), deleted=st.booleans(), user=st.text())
ADA = Message(room="tea", nick="ada", text="hello", time=1.5, dyno="one")


@given(STORED)
def test_a_stored_message_is_read_as_it_was_written(message):
    assert Message.decode(message.room, message.encode()) == message


@given(MESSAGES)
def test_a_message_from_another_gateway_is_the_one_that_it_sent(message):
    assert Message.from_chat(message.as_chat("e-1"), message.to) == message


def test_the_stored_form_is_readable_json_without_the_room():
    assert orjson.loads(ADA.encode()) == {
        "nick": "ada",
        "message": "hello",
        "time": 1.5,
        "dyno": "one",
    }


def test_that_only_one_gateways_clients_were_told_is_stored_and_not_shown():
    mine = replace(ADA, alone=True)
    assert orjson.loads(mine.encode())["alone"] is True
    assert mine.as_chat("e-7") == ADA.as_chat("e-7")
    assert mine.as_item("e-7") == ADA.as_item("e-7")


@given(STORED)
def test_of_a_deleted_message_nobodys_words_are_kept(message):
    kept = message.redacted()
    assert (kept.nick, kept.text, kept.to, kept.key, kept.deleted) == ("", "", None, None, True)
    assert (kept.room, kept.time, kept.dyno, kept.alone, kept.user) == (
        message.room,
        message.time,
        message.dyno,
        message.alone,
        message.user,
    )


def test_who_wrote_a_message_is_stored_and_told_to_no_client():
    mine = replace(ADA, user="u-17")
    assert orjson.loads(mine.encode())["user"] == "u-17"
    assert mine.as_chat("e-7") == ADA.as_chat("e-7")
    assert mine.as_item("e-7") == ADA.as_item("e-7")


@pytest.mark.parametrize("written", [7, None, ["u-17"]])
def test_of_what_something_else_stored_no_user_is_known(written):
    body = orjson.dumps({**orjson.loads(ADA.encode()), "user": written})
    assert Message.decode("tea", body) == ADA


def test_clients_of_a_room_get_its_name_and_those_of_the_lobby_none():
    chat = {"dyno": "one", "time": 1.5, "nick": "ada", "message": "hello", "id": "e-7"}
    lobby = Message(room=LOBBY, nick="ada", text="hello", time=1.5, dyno="one")
    assert ADA.as_chat("e-7") == {**chat, "room": "tea"}
    assert lobby.as_chat("e-7") == chat


def test_a_message_with_a_key_shows_it_to_its_sender():
    mine = replace(ADA, key="k1")
    assert mine.as_chat("e-7") == {**ADA.as_chat("e-7"), "key": "k1"}
    assert orjson.loads(mine.encode())["key"] == "k1"


def test_the_list_of_a_rooms_messages_says_to_whom():
    item = {"room": "tea", "created": 1.5, "from": "ada", "message": "hello", "id": "e-7"}
    assert ADA.as_item("e-7") == {**item, "to": None}
    bob = Message(room="tea", nick="ada", text="hello", time=1.5, dyno="one", to="bob")
    assert bob.as_item("e-7") == {**item, "to": "bob"}


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b"null", b"7", b'"text"', b"[]", b"{}", b'{"nick": "ada"}']
)
def test_a_body_that_is_no_message_is_refused(body):
    with pytest.raises(MalformedError, match="not a stored message"):
        Message.decode("tea", body)


@given(MESSAGES)
def test_the_envelope_of_a_message_goes_to_its_room_and_brings_all_of_it(message):
    at = Position("e", 7)
    envelope = Envelope("gateway", 1, **message.announced("e-7", at))
    assert envelope.rooms == (() if message.room == LOBBY else (message.room,))
    assert envelope.position == at
    assert Message.from_chat(envelope.args[0], envelope.flags.get("to")) == message
