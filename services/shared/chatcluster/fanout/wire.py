"""Envelopes as bytes, for the carriers whose format is ours: one MessagePack array per envelope.

`[version, origin, sequence, namespace, action, rooms, exclude, event, args, into, close, epoch,
position, flags]`, where position is `[epoch, offset]` or nil. Dates are MessagePack timestamps;
bytes stay bytes. A receiver ignores further elements, so that fields can be added at the end
without a new version.
"""

from __future__ import annotations

from typing import Any

import msgpack

from chatcluster.core.envelope import Action, Envelope
from chatcluster.core.errors import MalformedError
from chatcluster.core.position import Position

VERSION = 1
_FIELDS = 14


def pack(value: Any) -> bytes:
    """Any JSON value, and bytes and timezone-aware datetimes, as MessagePack. Raises MalformedError
    for anything else.
    """
    try:
        packed: bytes = msgpack.packb(value, use_bin_type=True, datetime=True)
    except (TypeError, ValueError, OverflowError) as error:
        raise MalformedError(f"cannot be sent: {error}") from error
    return packed


def unpack(data: bytes) -> Any:
    """The inverse of `pack`. Raises MalformedError."""
    try:
        return msgpack.unpackb(data, raw=False, timestamp=3, strict_map_key=False)
    except (ValueError, TypeError, OverflowError, msgpack.UnpackException) as error:
        raise MalformedError(f"not MessagePack: {error}") from error


def encode(envelope: Envelope) -> bytes:
    """Raises MalformedError if the arguments hold something that MessagePack has no form for."""
    at = envelope.position
    return pack(
        [
            VERSION,
            envelope.origin,
            envelope.sequence,
            envelope.namespace,
            int(envelope.action),
            envelope.rooms,
            envelope.exclude,
            envelope.event,
            envelope.args,
            envelope.into,
            envelope.close,
            envelope.epoch,
            None if at is None else (at.epoch, at.offset),
            envelope.flags,
        ]
    )


def check_sender(origin: Any, sequence: Any) -> None:
    """Raises MalformedError unless repeats can be told by these: what comes from outside may be
    anything."""
    if type(origin) is not str or type(sequence) is not int or not 0 < sequence < 2**63:
        raise MalformedError("an origin is a text and a sequence a number from 1")


def decode(data: bytes) -> Envelope:
    """Raises MalformedError for bytes that are no envelope or one of another version."""
    fields = unpack(data)
    if not isinstance(fields, list) or len(fields) < _FIELDS or fields[0] != VERSION:
        raise MalformedError("not an envelope of this version")
    (
        _,
        origin,
        sequence,
        namespace,
        action,
        rooms,
        exclude,
        event,
        args,
        into,
        close,
        epoch,
        at,
        flags,
    ) = fields[:_FIELDS]
    check_sender(origin, sequence)
    try:
        return Envelope(
            origin=origin,
            sequence=sequence,
            namespace=namespace,
            action=Action(action),
            rooms=tuple(rooms),
            exclude=tuple(exclude),
            event=event,
            args=tuple(args),
            into=tuple(into),
            close=close,
            epoch=epoch,
            position=None if at is None else Position(*at),
            flags=flags,
        )
    except (TypeError, ValueError) as error:
        raise MalformedError(f"not an envelope: {error}") from error
