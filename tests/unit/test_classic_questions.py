"""Questions and answers in the format of Node's redis-adapter."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatcluster.core.errors import MalformedError
from chatcluster.core.request import Question, Reply, Request
from chatcluster.fanout.adapter import classic, notepack
from chatcluster.fanout.adapter import classic_questions as subject
from chatcluster.fanout.adapter.dialect import Answered, Asked
from tests.unit.test_classic import BROADCAST_WITH_ACK, UID

ID = "Zz9-_0"


def read(payload: bytes, namespace: str = "/") -> Asked | None:
    return subject.decode_question(classic.read_request(payload), namespace)


def read_answer(payload: bytes) -> Answered:
    return subject.decode_answer(classic.read_request(payload))


WRITTEN: dict[Question, tuple[Request, dict[str, Any]]] = {
    Question.SOCKETS: (
        Request(Question.SOCKETS, "/", rooms=("a",), exclude=("b",)),
        {"type": 5, "opts": {"rooms": ["a"], "except": ["b"]}},
    ),
    Question.ROOMS: (Request(Question.ROOMS, "/"), {"type": 1}),
    Question.SERVER: (
        Request(Question.SERVER, "/", event="e", args=(1, {"x": None})),
        {"type": 6, "data": ["e", 1, {"x": None}]},
    ),
}


@pytest.mark.parametrize("question", WRITTEN, ids=str)
def test_a_question_is_what_a_node_server_writes_and_our_key(question: Question) -> None:
    request, expected = WRITTEN[question]
    message = json.loads(subject.encode_question(UID, request, ID))
    assert message.pop("cc") == [5.0, {}, list(request.rooms), list(request.exclude)]
    assert message == {"uid": UID, "requestId": ID, **expected}


def test_a_question_for_acknowledgements_is_byte_for_byte_nodes_but_for_our_key() -> None:
    request = Request(Question.EMIT, "/", event="hello", timeout=1.0)
    message = notepack.unpack(subject.encode_question(UID, request, ID))
    del message["cc"]
    assert notepack.pack(message) == BROADCAST_WITH_ACK


def test_a_question_without_an_id_expects_no_answer() -> None:
    request = Request(Question.SERVER, "/", event="e", answered=False)
    payload = subject.encode_question(UID, request, None)
    assert "requestId" not in json.loads(payload)
    assert read(payload) == Asked(request, UID, "", ours=True)


def test_what_json_has_no_form_for_goes_as_messagepack() -> None:
    for value in (b"\x00", datetime(2026, 7, 14, tzinfo=UTC)):
        request = Request(Question.SERVER, "/", event="e", args=(value,))
        payload = subject.encode_question(UID, request, ID)
        assert payload[:1] != b"{"
        assert read(payload) == Asked(request, UID, ID, ours=True)
    with pytest.raises(MalformedError):
        subject.encode_question(UID, Request(Question.SERVER, "/", args=(object(),)), ID)


NODES: dict[str, tuple[bytes, Request]] = {
    "sockets": (
        b'{"uid":"A1b2C3","requestId":"Zz9-_0","type":5,"opts":{"rooms":["a",42],"except":["b"]}}',
        Request(Question.SOCKETS, "/", rooms=("a", "42"), exclude=("b",)),
    ),
    "sockets as older servers ask": (
        b'{"uid":"A1b2C3","requestId":"Zz9-_0","type":0,"rooms":["a"]}',
        Request(Question.SOCKETS, "/", rooms=("a",)),
    ),
    "rooms": (
        b'{"uid":"A1b2C3","requestId":"Zz9-_0","type":1}',
        Request(Question.ROOMS, "/"),
    ),
    "server": (
        b'{"uid":"A1b2C3","requestId":"Zz9-_0","type":6,"data":["e",1]}',
        Request(Question.SERVER, "/", event="e", args=(1,)),
    ),
    "emit": (
        BROADCAST_WITH_ACK,
        Request(Question.EMIT, "/", event="hello", timeout=1.0, flags={"timeout": 1000}),
    ),
}


@pytest.mark.parametrize("name", NODES)
def test_questions_of_node_servers_are_understood(name: str) -> None:
    payload, request = NODES[name]
    asked = read(payload)
    assert asked is not None
    assert asked[:4] == (request, UID, ID, False)
    assert asked.bare == name.startswith("sockets as older")


def test_an_emitter_expects_no_answer() -> None:
    asked = read(b'{"uid":"emitter","type":6,"data":["e"]}')
    assert asked is not None
    assert (asked.asker, asked.request.answered) == ("emitter", False)


@pytest.mark.parametrize(
    "payload",
    [
        b'{"uid":"A1b2C3","requestId":"x","type":6}',
        b'{"uid":"A1b2C3","requestId":"x","type":6,"data":[]}',
        b'{"uid":"A1b2C3","requestId":"x","type":7,"packet":{}}',
        b'{"uid":"A1b2C3","requestId":"x","type":5,"opts":3}',
        b'{"uid":"A1b2C3","requestId":"x","type":5,"cc":[1]}',
    ],
)
def test_a_question_of_another_shape_is_malformed(payload: bytes) -> None:
    with pytest.raises(MalformedError):
        read(payload)


@pytest.mark.parametrize("kind", [2, 3, 4, 8, 9, 99])
def test_other_requests_ask_nothing(kind: int) -> None:
    assert read(b'{"uid":"A1b2C3","requestId":"x","type":%d}' % kind) is None


SOCKETS = ({"id": "s1", "rooms": ["a"]}, {"id": "s2", "rooms": []})
ANSWERS: list[tuple[Question, Reply, list[Any]]] = [
    (Question.SOCKETS, Reply(SOCKETS), [{"requestId": ID, "sockets": list(SOCKETS)}]),
    (Question.ROOMS, Reply(("a", "b")), [{"requestId": ID, "rooms": ["a", "b"]}]),
    (Question.SERVER, Reply((7,)), [{"type": 6, "requestId": ID, "data": 7}]),
    (Question.SERVER, Reply(), [{"type": 6, "requestId": ID, "data": None}]),
    (
        Question.EMIT,
        Reply((b"x", 2), clients=2),
        [
            {"type": 8, "requestId": ID, "clientCount": 2},
            {"type": 9, "requestId": ID, "packet": b"x"},
            {"type": 9, "requestId": ID, "packet": 2},
        ],
    ),
    (Question.EMIT, Reply(), []),
]


@pytest.mark.parametrize(("question", "reply", "expected"), ANSWERS)
def test_answers_are_what_a_node_server_writes(
    question: Question, reply: Reply, expected: list[Any]
) -> None:
    asked = Asked(Request(question, "/"), UID, ID, ours=False)
    payloads = list(subject.encode_answers(asked, reply))
    assert [classic.read_request(payload) for payload in payloads] == expected
    for payload, message in zip(payloads, expected, strict=True):
        assert (payload[:1] == b"{") == (message.get("type") != 9)


def test_an_older_server_wants_only_ids() -> None:
    asked = Asked(Request(Question.SOCKETS, "/"), UID, ID, ours=False, bare=True)
    (payload,) = subject.encode_answers(asked, Reply(SOCKETS))
    assert json.loads(payload) == {"requestId": ID, "sockets": ["s1", "s2"]}


def test_answers_of_node_servers_are_unsigned() -> None:
    for message, reply in (
        ({"sockets": [{"id": "s1"}]}, Reply(({"id": "s1"},))),
        ({"rooms": ["a"]}, Reply(("a",))),
        ({"type": 6, "data": 7}, Reply((7,))),
        ({"type": 6}, Reply((None,))),
        ({"type": 8, "clientCount": 3}, Reply(clients=3, last=False)),
        ({"type": 9, "packet": "x"}, Reply(("x",), last=False)),
    ):
        payload = json.dumps({"requestId": ID, **message}).encode()
        assert read_answer(payload) == Answered(ID, None, reply)


@pytest.mark.parametrize("payload", [b"{}", b'{"requestId":"x"}', b'{"requestId":"x","cc":[1]}'])
def test_an_answer_of_another_shape_is_malformed(payload: bytes) -> None:
    with pytest.raises(MalformedError):
        read_answer(payload)


values = st.none() | st.integers(-(2**53), 2**53) | st.text() | st.binary()
replies = st.builds(
    Reply, st.lists(values).map(tuple), st.none() | st.integers(0, 1000), st.booleans()
)


@given(replies)
def test_parts_between_gateways_come_back_whole(reply: Reply) -> None:
    payload = subject.encode_part(UID, ID, reply)
    assert payload[:1] != b"{"
    assert read_answer(payload) == Answered(ID, UID, reply, ours=True)


requests = st.builds(
    Request,
    st.sampled_from([Question.SERVER, Question.EMIT]),
    st.just("/"),
    st.lists(st.text(), max_size=3).map(tuple),
    st.lists(st.text(), max_size=3).map(tuple),
    st.text(),
    st.lists(values, max_size=3).map(tuple),
    st.floats(0, 100),
    st.just(True),
    st.dictionaries(st.sampled_from(["volatile", "compress"]), st.booleans()),
)


@given(requests)
def test_our_questions_come_back_whole(request: Request) -> None:
    payload = subject.encode_question(UID, request, ID)
    assert read(payload) == Asked(request, UID, ID, ours=True)
