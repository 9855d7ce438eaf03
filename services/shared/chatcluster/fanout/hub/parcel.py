"""What gateways send each other through the hubs, which do not look inside.

MessagePack: `[0, envelope, legs, again]`, `[1, origin, number, legs]` or `[2, token]`, where legs
is `[[hub, namespace, [room, …]], …]` and again `[hub, …]`. A receiver ignores further elements.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from chatcluster.core.envelope import Envelope, RoomKey
from chatcluster.core.errors import MalformedError
from chatcluster.fanout.wire import decode as decode_envelope
from chatcluster.fanout.wire import pack, unpack

_ENVELOPE, _MARK, _ECHO = range(3)


class Leg(NamedTuple):
    """A hub that got a copy, and the rooms of one namespace for which it got it."""

    hub: str
    namespace: str
    rooms: tuple[str, ...]

    @property
    def keys(self) -> tuple[RoomKey, ...]:
        return tuple(RoomKey(self.namespace, room) for room in self.rooms)


@dataclass(frozen=True, slots=True)
class Carried:
    """An envelope; *legs* when copies of it go through several hubs, or did before.

    Through the hubs in *again* it may have come before.
    """

    envelope: Envelope
    legs: tuple[Leg, ...] = ()
    again: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mark:
    """The origin's rooms change their hubs: what it sent before it is before all that comes after.

    *number* counts the marks of an origin. It goes through all hubs in *legs*.
    """

    origin: str
    number: int
    legs: tuple[Leg, ...]


@dataclass(frozen=True, slots=True)
class Echo:
    """Comes back to the gateway that sent it, and to no other."""

    token: int


Parcel = Carried | Mark | Echo


def encode_carried(envelope: bytes, legs: Sequence[Leg] = (), again: Sequence[str] = ()) -> bytes:
    """*envelope* as its own bytes, because they outlive the choice of hubs."""
    return pack([_ENVELOPE, envelope, legs, again])


def encode_mark(mark: Mark) -> bytes:
    return pack([_MARK, mark.origin, mark.number, mark.legs])


def encode_echo(echo: Echo) -> bytes:
    return pack([_ECHO, echo.token])


def decode(data: bytes) -> Parcel:
    """Raises MalformedError."""
    fields = unpack(data)
    match fields:
        case [0, bytes(envelope), [*legs], [*again], *_]:
            return Carried(decode_envelope(envelope), _legs(legs), _texts(again))
        case [1, str(origin), int(number), [*legs], *_]:
            return Mark(origin, number, _legs(legs))
        case [2, int(token), *_]:
            return Echo(token)
    raise MalformedError("not a parcel")


def _legs(fields: list[Any]) -> tuple[Leg, ...]:
    return tuple(map(_leg, fields))


def _leg(fields: object) -> Leg:
    match fields:
        case [str(hub), str(namespace), [*rooms]]:
            return Leg(hub, namespace, _texts(rooms))
    raise MalformedError("not a leg")


def _texts(values: list[Any]) -> tuple[str, ...]:
    if not all(isinstance(value, str) for value in values):
        raise MalformedError("not texts")
    return tuple(values)
