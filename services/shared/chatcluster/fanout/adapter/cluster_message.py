"""The messages of Node's adapters that derive from `ClusterAdapter` (socket.io-adapter 2.5.8,
`lib/cluster-adapter.ts`): the sharded one and the one on streams.

`{type, data, uid, nsp}`, to which ours add, under the key "cc" where Node does not look, what an
envelope or a question has beyond that. Types of our own are beyond Node's, which ignores them.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from typing import Any

from chatcluster.core.envelope import Action, Envelope
from chatcluster.core.errors import MalformedError
from chatcluster.core.position import Position
from chatcluster.fanout.adapter import classic
from chatcluster.fanout.adapter.dialect import OURS
from chatcluster.fanout.wire import check_sender

Message = dict[str, Any]


class Type(enum.IntEnum):
    """`MessageType` in lib/cluster-adapter.ts, as far as we use it, and ours."""

    BROADCAST = 3
    SOCKETS_JOIN = 4
    SOCKETS_LEAVE = 5
    DISCONNECT_SOCKETS = 6
    FETCH_SOCKETS = 7
    FETCH_SOCKETS_RESPONSE = 8
    SERVER_SIDE_EMIT = 9
    SERVER_SIDE_EMIT_RESPONSE = 10
    BROADCAST_CLIENT_COUNT = 11
    BROADCAST_ACK = 12
    SIGNAL = 100  # between gateways
    PART = 101  # of an answer, between gateways


# To close a room is to let its members leave it, which Node can too.
_TYPES = {
    Action.EMIT: Type.BROADCAST,
    Action.JOIN: Type.SOCKETS_JOIN,
    Action.LEAVE: Type.SOCKETS_LEAVE,
    Action.CLOSE_ROOM: Type.SOCKETS_LEAVE,
    Action.DISCONNECT: Type.DISCONNECT_SOCKETS,
    Action.SIGNAL: Type.SIGNAL,
}
_ACTIONS = {
    Type.BROADCAST: Action.EMIT,
    Type.SOCKETS_JOIN: Action.JOIN,
    Type.SOCKETS_LEAVE: Action.LEAVE,
    Type.DISCONNECT_SOCKETS: Action.DISCONNECT,
    Type.SIGNAL: Action.SIGNAL,
}


def message(uid: str, namespace: str, kind: int, data: Message) -> Message:
    """In Node's order of keys (`publishAndReturnOffset`)."""
    return {"type": int(kind), "data": data, "uid": uid, "nsp": namespace}


def from_envelope(uid: str, envelope: Envelope) -> Message:
    action, at = envelope.action, envelope.position
    opts: Message = {"rooms": envelope.rooms, "except": envelope.exclude}
    if action in (Action.EMIT, Action.SIGNAL):
        opts["flags"] = envelope.flags
        packet = classic.packet(envelope.namespace, envelope.event, *envelope.args)
        data: Message = {"packet": packet, "opts": opts}
    elif action is Action.DISCONNECT:
        data = {"opts": opts, "close": envelope.close}
    else:
        closing = action is Action.CLOSE_ROOM
        data = {"opts": opts, "rooms": envelope.rooms if closing else envelope.into}
    written = message(uid, envelope.namespace, _TYPES[action], data)
    ours = [envelope.origin, envelope.sequence, envelope.epoch, at and [at.epoch, at.offset]]
    if "flags" not in opts:
        ours += [int(action), envelope.flags]
    written[OURS] = ours
    return written


def to_envelope(read: Message, namespace: str, sequences: Iterator[int]) -> Envelope:
    """One that is not ours takes the next of *sequences*. Raises MalformedError."""
    try:
        data, action = read["data"], _ACTIONS[read["type"]]
        opts = data["opts"]
        ours = read.get(OURS) or (read["uid"], next(sequences), 0, None)
        origin, sequence, epoch, at, *rest = ours
        check_sender(origin, sequence)
        flags = opts.get("flags") or {}
        if rest:
            action, flags = Action(rest[0]), rest[1]
        return Envelope(
            origin=origin,
            sequence=sequence,
            namespace=namespace,
            action=action,
            rooms=classic.names(opts.get("rooms")),
            exclude=classic.names(opts.get("except")),
            epoch=epoch,
            position=at and Position(*at),
            flags=flags,
            **_what(action, data),
        )
    except classic.WRONG as error:
        raise MalformedError(f"not a message: {error!r}") from error


def _what(action: Action, data: Message) -> dict[str, Any]:
    """The fields of an envelope that depend on its action."""
    if action in (Action.EMIT, Action.SIGNAL):
        packet = data["packet"]
        if packet["type"] != classic.EVENT:
            raise MalformedError("not an event")
        event, *args = packet["data"]
        return {"event": classic.name(event), "args": tuple(args)}
    if action in (Action.JOIN, Action.LEAVE):
        return {"into": classic.names(data["rooms"])}
    return {"close": bool(data.get("close"))}


def is_envelope(read: Message) -> bool:
    """Anything but questions and answers. Raises MalformedError."""
    try:
        return read["type"] in _ACTIONS and "requestId" not in read["data"]
    except classic.WRONG as error:
        raise MalformedError(f"not a message: {error!r}") from error
