"""An event for clients as one JSON object that a person can read, and write.

    event       its name; may be left out, since the channel says it
    namespace   "/" if it is left out
    room        whom it is for: the members of this room, or
    rooms       of any of these; without either, everybody in the namespace
    except      rooms whose members do not get it
    args        the event's arguments, as a list
    flags       how it is sent, such as {"volatile": true}

On the channel of a room, that is whom it is for if nothing is said. Gateways add what tells them
apart from others: `origin`, `sequence`, and where they have them `epoch` and `position`. Of others'
messages, fields that mean nothing are refused: who wrote one would wait in vain for its effect.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from chatcluster.core.envelope import Action, Envelope
from chatcluster.core.errors import MalformedError
from chatcluster.core.position import Position
from chatcluster.fanout.redis import values
from chatcluster.fanout.redis.channels import Route
from chatcluster.fanout.wire import check_sender

STRANGER = "redis"  # the origin of whatever no gateway has sent

_FIELDS = frozenset(("event", "namespace", "room", "rooms", "except", "args", "flags"))


def encode(envelope: Envelope) -> bytes:
    """An EMIT. Raises MalformedError for arguments that JSON has no form for."""
    message: dict[str, Any] = {"event": envelope.event, "namespace": envelope.namespace}
    if len(envelope.rooms) == 1:
        message["room"] = envelope.rooms[0]
    elif envelope.rooms:
        message["rooms"] = envelope.rooms
    if envelope.exclude:
        message["except"] = envelope.exclude
    message["args"] = envelope.args
    if envelope.flags:
        message["flags"] = envelope.flags
    if envelope.position is not None:
        message["position"] = str(envelope.position)
    message |= {"origin": envelope.origin, "sequence": envelope.sequence}
    if envelope.epoch:
        message["epoch"] = envelope.epoch
    return values.dump(message)


def decode(payload: bytes, route: Route, sequences: Iterator[int]) -> Envelope:
    """What came on a channel; one that is not a gateway's takes the next of *sequences*. Raises
    MalformedError, which names the field that is wrong."""
    message = values.load(payload)
    if not isinstance(message, dict):
        raise MalformedError('an object is expected, such as {"room": "tea", "args": ["hello"]}')
    event = _text(message, "event", route.event)
    if event != route.event:
        raise MalformedError(f"event: {event[:60]!r} on a channel of {route.event!r}")
    origin, sequence = _sender(message)
    return Envelope(
        origin=origin,
        sequence=next(sequences) if sequence is None else sequence,
        namespace=_namespace(message, route),
        action=Action.EMIT,
        rooms=_rooms(message, route),
        exclude=_texts(message, "except"),
        event=event,
        args=tuple(_list(message, "args")),
        epoch=_number(message, "epoch", 0),
        position=_position(message),
        flags=_flags(message),
    )


def _sender(message: Mapping[str, Any]) -> tuple[str, int | None]:
    if "origin" in message:
        # Of other versions of ours, perhaps: what is new in them may be ignored.
        origin, sequence = _text(message, "origin", ""), _number(message, "sequence", None)
        check_sender(origin, sequence)
        return origin, sequence
    if unknown := message.keys() - _FIELDS:
        raise MalformedError(f"{min(unknown)[:60]}: there is no such field")
    return STRANGER, None


def _namespace(message: Mapping[str, Any], route: Route) -> str:
    namespace = _text(message, "namespace", route.namespace)
    if not namespace.startswith("/"):
        raise MalformedError(f"namespace: {namespace[:60]!r} does not begin with /")
    return namespace


def _rooms(message: Mapping[str, Any], route: Route) -> tuple[str, ...]:
    if "room" in message and "rooms" in message:
        raise MalformedError("room, rooms: only one of them may be there")
    if "rooms" in message:
        return _texts(message, "rooms")
    room = _text(message, "room", route.room)
    return (room,) if room else ()


def _flags(message: Mapping[str, Any]) -> dict[str, Any]:
    flags = message.get("flags", {})
    if not isinstance(flags, dict):
        raise MalformedError("flags: an object is expected")
    return flags


def _position(message: Mapping[str, Any]) -> Position | None:
    at = _text(message, "position", "")
    try:
        return Position.parse(at) if at else None
    except MalformedError as error:
        raise MalformedError(f"position: {error}") from error


def _number(message: Mapping[str, Any], field: str, default: int | None) -> int:
    value = message.get(field, default)
    if type(value) is not int:
        raise MalformedError(f"{field}: a whole number is expected")
    return value


def _text(message: Mapping[str, Any], field: str, default: str) -> str:
    value = message.get(field, default)
    if not isinstance(value, str):
        raise MalformedError(f"{field}: a text is expected")
    return value


def _texts(message: Mapping[str, Any], field: str) -> tuple[str, ...]:
    found = _list(message, field)
    if not all(isinstance(one, str) for one in found):
        raise MalformedError(f"{field}: a list of texts is expected")
    return tuple(found)


def _list(message: Mapping[str, Any], field: str) -> list[Any]:
    value = message.get(field, [])
    if not isinstance(value, list):
        raise MalformedError(f"{field}: a list is expected")
    return value
