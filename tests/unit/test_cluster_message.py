"""Messages of Node's newer adapters: envelopes, questions and answers in, and back."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given

from chatcluster.core.envelope import Action, Envelope
from chatcluster.core.errors import MalformedError
from chatcluster.core.request import Question, Reply, Request
from chatcluster.fanout.adapter import cluster_message, cluster_questions, sharded
from chatcluster.fanout.adapter.dialect import Answered, Asked
from tests.unit.test_classic import closings, emits, moves
from tests.unit.test_classic_questions import replies, requests

UID = "0123456789abcdef"
ID = "fedcba9876543210"


def written(envelope: Envelope) -> bytes:
    return sharded.encode(cluster_message.from_envelope(UID, envelope))


def read(payload: bytes, *, response: bool = False) -> Any:
    message = sharded.decode(payload)
    return sharded.read_message(message, itertools.count(7), response=response)


def test_a_broadcast_is_what_a_node_server_writes_and_our_key() -> None:
    envelope = Envelope("gw-1", 5, "/", Action.EMIT, ("a",), event="hello", args=("world",))
    expected = (
        b'{"type":3,"data":{"packet":{"type":2,"data":["hello","world"],"nsp":"/"},'
        b'"opts":{"rooms":["a"],"except":[],"flags":{}}},"uid":"0123456789abcdef","nsp":"/",'
        b'"cc":["gw-1",5,0,null]}'
    )
    assert written(envelope) == expected


NODES: dict[str, tuple[dict[str, Any], Envelope]] = {
    "broadcast": (
        {
            "type": 3,
            "data": {
                "packet": {"type": 2, "data": ["e", 1], "nsp": "/"},
                "opts": {"rooms": ["a", 42], "except": ["b"], "flags": {"volatile": True}},
            },
        },
        Envelope(
            UID, 7, "/", Action.EMIT, ("a", "42"), ("b",), "e", (1,), flags={"volatile": True}
        ),
    ),
    "join": (
        {"type": 4, "data": {"opts": {"rooms": ["a"], "except": []}, "rooms": ["x", "y"]}},
        Envelope(UID, 7, "/", Action.JOIN, ("a",), into=("x", "y")),
    ),
    "leave": (
        {"type": 5, "data": {"opts": {"rooms": [], "except": ["b"]}, "rooms": ["x"]}},
        Envelope(UID, 7, "/", Action.LEAVE, (), ("b",), into=("x",)),
    ),
    "disconnect": (
        {"type": 6, "data": {"opts": {"rooms": ["a"], "except": []}, "close": True}},
        Envelope(UID, 7, "/", Action.DISCONNECT, ("a",), close=True),
    ),
}


@pytest.mark.parametrize("name", NODES)
def test_what_node_servers_say_is_numbered_here(name: str) -> None:
    message, envelope = NODES[name]
    assert read(json.dumps({**message, "uid": UID, "nsp": "/"}).encode()) == envelope


@pytest.mark.parametrize("kind", [1, 2, 13, 8, 99])
def test_heartbeats_and_what_is_unknown_mean_nothing(kind: int) -> None:
    assert read(json.dumps({"type": kind, "uid": UID, "nsp": "/"}).encode()) is None


WRONG: list[dict[str, Any]] = [
    {},
    {"type": []},
    {"type": 3},
    {"type": 3, "data": 3},
    {"type": 3, "data": {}},
    {"type": 3, "data": {"opts": {}, "packet": {"type": 2, "data": []}}},
    {"type": 3, "data": {"opts": {}, "packet": {"type": 4, "data": ["e"]}}},
    {"type": 4, "data": {"opts": {}}},
    {"type": 6, "data": {"opts": {}}, "cc": ["gw", "1", 0, None, 4, {}]},
    {"type": 7, "data": {"requestId": "x"}, "cc": [1]},
    {"type": 9, "data": {"packet": []}},
]


@pytest.mark.parametrize("message", WRONG)
def test_a_message_of_another_shape_is_malformed(message: dict[str, Any]) -> None:
    with pytest.raises(MalformedError):
        read(json.dumps({"uid": UID, "nsp": "/", **message}).encode())


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b"\xc1", b"\x90"])
def test_what_is_no_message_is_malformed(payload: bytes) -> None:
    with pytest.raises(MalformedError):
        sharded.decode(payload)


@given(emits | moves | closings)
def test_our_envelopes_come_back_whole(envelope: Envelope) -> None:
    assert read(written(envelope)) == envelope


@pytest.mark.parametrize("id", [ID, None])
@pytest.mark.parametrize(
    ("request_", "kind", "data"),
    [
        (
            Request(Question.SOCKETS, "/", ("a",), ("b",)),
            7,
            {"opts": {"rooms": ["a"], "except": ["b"], "flags": {"timeout": 5000}}},
        ),
        (
            Request(Question.ROOMS, "/"),
            7,
            {"opts": {"rooms": [], "except": [], "flags": {"timeout": 5000}}},
        ),
        (
            Request(Question.EMIT, "/", event="e", args=(1,), timeout=1.5),
            3,
            {
                "opts": {"rooms": [], "except": [], "flags": {"timeout": 1500}},
                "packet": {"type": 2, "data": ["e", 1], "nsp": "/"},
            },
        ),
        (Request(Question.SERVER, "/", event="e", args=(1,)), 9, {"packet": ["e", 1]}),
    ],
    ids=["sockets", "rooms", "emit", "server"],
)
def test_a_question_is_what_a_node_server_writes_and_our_key(
    request_: Request, kind: int, data: dict[str, Any], id: str | None
) -> None:
    message = cluster_questions.from_request(UID, request_, id)
    ours = message.pop("cc")
    assert ours[0] == request_.question
    expected = {"type": kind, "data": data, "uid": UID, "nsp": "/"}
    if id is not None:
        expected["data"] = {**data, "requestId": id}
    assert json.loads(json.dumps(message)) == expected


@given(requests)
def test_our_questions_come_back_whole(request: Request) -> None:
    message = cluster_questions.from_request(UID, request, ID)
    assert read(sharded.encode(message)) == Asked(request, UID, ID, ours=True)


def test_a_question_of_a_node_server_has_its_timeout_in_seconds() -> None:
    flags = {"timeout": 2500, "volatile": True}
    opts = {"rooms": ["a"], "except": [], "flags": flags}
    data = {"requestId": ID, "opts": opts, "packet": {"type": 2, "data": ["e"], "nsp": "/"}}
    message = {"type": 3, "data": data, "uid": UID, "nsp": "/"}
    request = Request(Question.EMIT, "/", ("a",), event="e", timeout=2.5, flags=flags)
    assert read(json.dumps(message).encode()) == Asked(request, UID, ID, ours=False)


@given(replies)
def test_parts_between_gateways_come_back_whole(reply: Reply) -> None:
    asked = Asked(Request(Question.SOCKETS, "/"), "asker", ID, ours=True)
    (message,) = cluster_questions.from_reply(UID, asked, reply)
    assert read(sharded.encode(message), response=True) == Answered(ID, UID, reply, ours=True)


@pytest.mark.parametrize(
    ("question", "reply", "kinds"),
    [
        (Question.SOCKETS, Reply(({"id": "s"},)), [8]),
        (Question.SERVER, Reply((7,)), [10]),
        (Question.SERVER, Reply(), [10]),
        (Question.EMIT, Reply((1, 2), clients=2), [11, 12, 12]),
        (Question.EMIT, Reply((3,)), [12]),
    ],
)
def test_answers_to_node_are_read_as_those_of_node(
    question: Question, reply: Reply, kinds: list[int]
) -> None:
    asked = Asked(Request(question, "/"), "asker", ID, ours=False)
    messages = list(cluster_questions.from_reply(UID, asked, reply))
    assert [message["type"] for message in messages] == kinds
    answers = [read(sharded.encode(message), response=True) for message in messages]
    assert {(one.id, one.who) for one in answers} == {(ID, UID)}
    values = [value for one in answers for value in one.reply.values]
    assert values == list(reply.values or ((None,) if question is Question.SERVER else ()))


def test_the_rooms_of_node_servers_are_those_of_their_sockets() -> None:
    id = f"{cluster_questions.ROOMS_ID}{ID}"
    sockets = [{"id": "s", "rooms": ["s", "a"]}, {"id": "t", "rooms": ["t", "a"]}]
    message = {"type": 8, "data": {"requestId": id, "sockets": sockets}, "uid": UID, "nsp": "/"}
    answered = read(json.dumps(message).encode(), response=True)
    assert answered == Answered(id, UID, Reply(("s", "a", "t")))


def test_what_is_no_answer_means_nothing_on_the_channel_of_answers() -> None:
    message = {"type": 3, "data": {"requestId": ID}, "uid": UID, "nsp": "/"}
    assert read(json.dumps(message).encode(), response=True) is None
    with pytest.raises(MalformedError):
        read(b'{"type":8,"uid":"x","nsp":"/"}', response=True)
