"""Envelopes as Node's @socket.io/redis-adapter 8.3.0 writes them (`lib/index.ts`), and back.

A broadcast is MessagePack, `[uid, packet, opts]`; a request (join, leave, disconnect) is JSON. What
an envelope has beyond that travels under the key "cc", where Node does not look: in the flags of a
broadcast, beside the fields of a request. What comes without it is from a Node peer or an emitter.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from chatcluster.core.envelope import Action, Envelope
from chatcluster.core.errors import MalformedError
from chatcluster.core.position import Position
from chatcluster.fanout.adapter import notepack
from chatcluster.fanout.adapter.dialect import OURS
from chatcluster.fanout.wire import check_sender

EMITTER = "emitter"  # the uid of @socket.io/redis-emitter, which leaves it out of its requests

EVENT = 2  # socket.io-protocol 5, "Packet types"; binary arguments stay where they are

# `RequestType` in lib/index.ts. To close a room is to let its members leave it, which Node can too.
_TYPES = {Action.JOIN: 2, Action.LEAVE: 3, Action.CLOSE_ROOM: 3, Action.DISCONNECT: 4}
_ACTIONS = {2: Action.JOIN, 3: Action.LEAVE, 4: Action.DISCONNECT}

WRONG = (LookupError, TypeError, ValueError, AttributeError)  # what reading a wrong shape raises


def encode_broadcast(uid: str, envelope: Envelope) -> bytes:
    """An EMIT. Raises MalformedError for arguments that MessagePack has no form for."""
    at = envelope.position
    ours = [envelope.origin, envelope.sequence, envelope.epoch, at and [at.epoch, at.offset]]
    args, flags = envelope.args, envelope.flags
    data = {"type": EVENT, "data": [envelope.event, *args], "nsp": envelope.namespace}
    options = {
        "rooms": envelope.rooms,
        "except": envelope.exclude,
        "flags": {**flags, OURS: ours} if flags else {OURS: ours},
    }
    plain = len(args) == 1 and type(args[0]) is dict and notepack.is_plain(args[0].values())
    if plain and (not flags or notepack.is_plain(flags.values())):
        return notepack.pack_plain([uid, data, options])
    return notepack.pack([uid, data, options])


def packet(namespace: str, event: str, *args: Any) -> dict[str, Any]:
    """What the clients will get, in Node's order of keys."""
    return {"type": EVENT, "data": [event, *args], "nsp": namespace}


def broadcast(
    uid: str,
    packet: dict[str, Any],
    *,
    rooms: Sequence[str] = (),
    exclude: Sequence[str] = (),
    flags: dict[str, Any],
) -> bytes:
    """A broadcast, in Node's order of keys, without anything of ours."""
    return notepack.pack([uid, packet, {"rooms": rooms, "except": exclude, "flags": flags}])


def decode_broadcast(payload: bytes, namespace: str, sequences: Iterator[int]) -> Envelope:
    """An EMIT in *namespace*; one that is not ours takes the next of *sequences*. Raises
    MalformedError."""
    try:
        uid, packet, opts = _BROADCASTS.decode(payload)
    except (ValueError, TypeError, OverflowError, RecursionError):
        return _decode_unusual(payload, namespace, sequences)
    if packet.type != EVENT or packet.nsp != namespace or not packet.data:
        raise MalformedError("not an event of this namespace")
    flags, event = opts.flags, packet.data[0]
    ours = flags.pop(OURS, None)
    try:
        origin, sequence, epoch, at = ours or (uid, next(sequences), 0, None)
        check_sender(origin, sequence)
        return Envelope(
            origin,
            sequence,
            namespace,
            Action.EMIT,
            rooms=opts.rooms,
            exclude=opts.excluded,
            event=event if type(event) is str else name(event),
            args=tuple(packet.data[1:]),
            epoch=epoch,
            position=at and Position(*at),
            flags=flags,
        )
    except WRONG as error:
        raise MalformedError(f"not a broadcast: {error!r}") from error


def _decode_unusual(payload: bytes, namespace: str, sequences: Iterator[int]) -> Envelope:
    """What JavaScript may write besides: rooms that are numbers, nil for nothing, old emitters."""
    message = notepack.unpack(payload)
    try:
        uid, packet, opts = message
        # Old emitters leave the namespace out (`onmessage` in lib/index.ts).
        if packet["type"] != EVENT or packet.get("nsp", "/") != namespace:
            raise MalformedError("not an event of this namespace")
        event, *args = packet["data"]
        flags = opts.get("flags") or {}
        ours = flags.pop(OURS, None)
        origin, sequence, epoch, at = ours or (uid, next(sequences), 0, None)
        check_sender(origin, sequence)
        return Envelope(
            origin=origin,
            sequence=sequence,
            namespace=namespace,
            action=Action.EMIT,
            rooms=names(opts.get("rooms")),
            exclude=names(opts.get("except")),
            event=name(event),
            args=tuple(args),
            epoch=epoch,
            position=at and Position(*at),
            flags=flags,
        )
    except WRONG as error:
        raise MalformedError(f"not a broadcast: {error!r}") from error


def encode_request(uid: str, envelope: Envelope) -> bytes:
    """A JOIN, LEAVE, DISCONNECT or CLOSE_ROOM. Raises MalformedError for flags that JSON has no
    form for."""
    at = envelope.position
    request: dict[str, Any] = {
        "uid": uid,
        "type": _TYPES[envelope.action],
        "opts": {"rooms": envelope.rooms, "except": envelope.exclude},
    }
    if envelope.action is Action.DISCONNECT:
        request["close"] = envelope.close
    elif envelope.action is Action.CLOSE_ROOM:
        request["rooms"] = envelope.rooms
    else:
        request["rooms"] = envelope.into
    request[OURS] = [
        envelope.origin,
        envelope.sequence,
        envelope.epoch,
        at and [at.epoch, at.offset],
        envelope.action,
        envelope.flags,
    ]
    try:
        text = json.dumps(request, separators=(",", ":"), ensure_ascii=False)
    except (TypeError, ValueError) as error:
        raise MalformedError(f"cannot be sent: {error}") from error
    return text.encode("utf-8", "surrogatepass")


def read_request(payload: bytes) -> dict[str, Any]:
    """Any request; the first byte tells JSON from MessagePack (`onrequest` in lib/index.ts). Raises
    MalformedError."""
    try:
        request = json.loads(payload) if payload[:1] == b"{" else notepack.unpack(payload)
    except ValueError as error:
        raise MalformedError(f"not JSON: {error}") from error
    if not isinstance(request, dict):
        raise MalformedError("not a request")
    return request


def decode_request(
    request: dict[str, Any], namespace: str, sequences: Iterator[int]
) -> Envelope | None:
    """What a request tells gateways to do; None for one that asks something. Raises MalformedError.

    As `onrequest` in lib/index.ts, without the form for one socket that it keeps for old peers.
    """
    action = _ACTIONS.get(request.get("type", -1))
    if action is None:
        return None
    try:
        ours = request.get(OURS)
        origin, sequence, epoch, at, action, flags = ours or (
            request.get("uid") or EMITTER,
            next(sequences),
            0,
            None,
            action,
            {},
        )
        check_sender(origin, sequence)
        opts = request["opts"]
        moves = action in (Action.JOIN, Action.LEAVE)
        return Envelope(
            origin=origin,
            sequence=sequence,
            namespace=namespace,
            action=Action(action),
            rooms=names(opts.get("rooms")),
            exclude=names(opts.get("except")),
            into=names(request["rooms"]) if moves else (),
            close=bool(request.get("close")),
            epoch=epoch,
            position=at and Position(*at),
            flags=flags,
        )
    except WRONG as error:
        raise MalformedError(f"not a request: {error!r}") from error


class _Packet(msgspec.Struct, gc=False):
    type: int
    data: list[Any]
    nsp: str = "/"  # which old emitters leave out (`onmessage` in lib/index.ts)


class _Options(msgspec.Struct, gc=False):
    rooms: tuple[str, ...] = ()
    excluded: tuple[str, ...] = msgspec.field(default=(), name="except")
    flags: dict[str, Any] = {}


_BROADCASTS = msgspec.msgpack.Decoder(
    tuple[str, _Packet, _Options], ext_hook=notepack.extension, strict=True
)


def names(values: Sequence[Any] | None) -> tuple[str, ...]:
    return tuple(map(name, values)) if values else ()


def name(value: Any) -> str:
    """A room or event as text: in JavaScript it may be a number, of which ours are the decimals."""
    return value if type(value) is str else json.dumps(value)
