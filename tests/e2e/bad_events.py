"""Events that are refused: what is sent, the code, and what its message has to name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

CHAT, ROOMS, TEA = "/", "/room", "/messages/tea"


class Bad(NamedTuple):
    """`args` of `event` are refused with `code`; `named` is part of the message."""

    namespace: str
    event: str
    args: tuple[Any, ...]
    code: str
    named: str


NO_TEXTS: tuple[Any, ...] = (5, 1.5, True, [], ["tea"], {}, {"a": {"b": [1]}}, b"tea")
NO_NAMES = {
    "": "invalid",
    "  \t ": "invalid",
    "x" * 65: "too_long",
    "a\x00b": "invalid",
    "a\nb": "invalid",
    "a\x7fb": "invalid",
    "a\u0085b": "invalid",
    "\ud83d": "invalid",
    "a\u202eb": "invalid",  # turns the writing direction
    "a\u2066b": "invalid",
}
NO_POSITIONS: tuple[Any, ...] = (
    "",
    "42",
    "-42",
    "k3x9-",
    "k3x9--1",
    "k3x9-1e3",
    "k3x9-" + "9" * 40,
    "\ud800-1",
)
NO_LIMITS: tuple[Any, ...] = (0, -1, 201, 10**30, 1.5, True, "50", [50], "", b"5")
NO_KEYS: tuple[Any, ...] = (5, [], "", "k" * 65, "a\x00", b"key", "\ud800")

Arguments = list[tuple[Any, ...]]
NO_OBJECT: Arguments = [(), (None,), ("text",), (5,), (True,), ([],), ([{}],), (b"x",), ({}, {})]
NO_ROOM: Arguments = [(5,), (True,), ([],), ([{"room": "x"}],), (b"tea",), ("tea", {}), ({}, 1)]
NO_NAME: Arguments = [(), ("tea", "tea"), ("tea", {})]

# Their argument is one object.
OBJECTS = {(CHAT, "chat message"), (CHAT, "typing"), (TEA, "create")}
# Their argument is a room's name, an object, or nothing.
ROOM_OR_OBJECT = ("join", "leave", "presence", "history")


def wrong_arguments() -> Iterator[Bad]:
    """Of the wrong type, or too many or too few."""
    for namespace, event in sorted(OBJECTS):
        for args in NO_OBJECT:
            yield Bad(namespace, event, args, "invalid", event)
    for event in ROOM_OR_OBJECT:
        for args in NO_ROOM:
            yield Bad(CHAT, event, args, "invalid", event)
    for event in ("create", "remove"):
        for args in NO_NAME:
            yield Bad(ROOMS, event, args, "invalid", event)
        for value in (None, *NO_TEXTS):
            yield Bad(ROOMS, event, (value,), "invalid", "name")


def wrong_fields() -> Iterator[Bad]:
    """A field of the wrong type, with a value that may not be, or missing."""
    good = {"message": "hello", "typing": True}
    for namespace, event, field in _names():
        for value in NO_TEXTS:
            yield Bad(namespace, event, ({**good, field: value},), "invalid", field)
        for value, code in NO_NAMES.items():
            if value.strip() or field in ("room", "to"):  # an empty nickname is no error
                yield Bad(namespace, event, ({**good, field: value},), code, field)
    for value in (None, 0, "true", [], {}, b"1"):
        yield Bad(CHAT, "typing", ({"typing": value},), "invalid", "typing")
    yield Bad(CHAT, "typing", ({},), "invalid", "typing")


def wrong_messages() -> Iterator[Bad]:
    """Texts and keys that may not be."""
    for namespace, event in ((CHAT, "chat message"), (TEA, "create")):
        yield Bad(namespace, event, ({"nickname": "ada"},), "invalid", "message")
        for text, code in _texts():
            yield Bad(namespace, event, ({"message": text},), code, "message")
        for key in NO_KEYS:
            yield Bad(namespace, event, ({"message": "hello", "key": key},), "invalid", "key")


def wrong_places() -> Iterator[Bad]:
    """Positions, limits, and rooms that are not there or were not joined."""
    for position in (*NO_POSITIONS, 5, [], {}, b"k3x9-1"):
        yield Bad(CHAT, "join", ({"room": "tea", "after": position},), "invalid", "after")
        yield Bad(CHAT, "history", ({"room": "tea", "before": position},), "invalid", "before")
    for limit in NO_LIMITS:
        yield Bad(CHAT, "history", ({"room": "tea", "limit": limit},), "invalid", "limit")
    nowhere = {"room": "nowhere", "message": "hello", "typing": True}
    for event in ("chat message", "history"):
        yield Bad(CHAT, event, (nowhere,), "unknown_room", "nowhere")
    for event in ("leave", "presence", "typing"):
        yield Bad(CHAT, event, (nowhere,), "not_joined", "nowhere")
    yield Bad(ROOMS, "remove", ("nowhere",), "unknown_room", "nowhere")
    yield Bad(ROOMS, "create", ("tea",), "room_exists", "tea")
    for namespace in (CHAT, ROOMS, TEA):
        for event in ("no such event", "", "chat message ", "\ud800", "x" * 10_000, "__init__"):
            yield Bad(namespace, event, (), "unknown_event", "no event")


def _names() -> Iterator[tuple[str, str, str]]:
    for event in ("chat message", "typing", "join"):
        yield CHAT, event, "nickname"
    for event in ("chat message", "typing", *ROOM_OR_OBJECT):
        yield CHAT, event, "room"
    yield TEA, "create", "from"
    yield TEA, "create", "to"


def _texts() -> Iterator[tuple[Any, str]]:
    for value in (None, *NO_TEXTS):
        yield value, "invalid"
    for text in ("", " \n\t ", "a\x00b", "a\x1bb", "\ud83d", "a\udc00b"):
        yield text, "invalid"
    yield "x" * 8193, "too_long"
    yield "é" * 4097, "too_long"  # 8194 bytes
    yield "😀" * 2049, "too_long"  # 8196 bytes
