"""Socket.IO packets, built once for all who get them.

Source: the Socket.IO protocol, revision 5 (socketio/socket.io, docs/socket.io-protocol).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import orjson
from socketio import packet as sio_packet

from chat_gateway.sockets import packets
from chat_gateway.sockets.packets import Outgoing
from chatcluster.core.errors import MalformedError

CONNECT, DISCONNECT, EVENT, ACK, CONNECT_ERROR, BINARY_EVENT, BINARY_ACK = range(7)
MOST_ATTACHMENTS = 10  # of one packet, as in Node's parser 4.2.7
_EVENT = b"%d" % EVENT
CONNECT_SIGN = b"%d" % CONNECT
_LONGEST_NUMBER = 16
RESERVED = frozenset(
    ("connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener")
)


class Json:
    """What python-socketio asks of a JSON module, by orjson."""

    @staticmethod
    def dumps(value: Any, **_: Any) -> str:
        try:
            return orjson.dumps(value).decode()
        except TypeError:
            # Half surrogate pairs (see `loads`) go back to their sender, in refusals.
            return json.dumps(value, separators=(",", ":"))

    @staticmethod
    def loads(text: str | bytes, **_: Any) -> Any:
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            # JavaScript sends half surrogate pairs (JSON.stringify of a cut emoji), which orjson
            # refuses. They are let through here, so that the event is refused and not the client.
            if isinstance(text, str) and "\\ud" in text.lower():
                return json.loads(text)
            raise


class Packet(sio_packet.Packet):  # type: ignore[misc]  # the library has no type information
    """A Socket.IO packet; reading raises MalformedError for whatever Node's parser would refuse."""

    json = Json
    taken = True  # and not refused, since it came too fast

    @classmethod
    def read(cls, encoded: str) -> Packet:
        if not encoded or encoded[0] not in "0123456":
            raise MalformedError(f"no Socket.IO packet begins with {encoded[:1]!r}")
        try:
            packet = cls(encoded_packet=encoded)
        except (ValueError, TypeError, RecursionError) as error:
            raise MalformedError(f"not a Socket.IO packet: {error}") from error
        packet.check()
        return packet

    def check(self) -> None:
        """As Node's `isPayloadValid`; a client may not send a CONNECT_ERROR."""
        kind, data = self.packet_type, self.data
        if kind == CONNECT:
            valid = data is None or isinstance(data, dict)
        elif kind == DISCONNECT:
            valid = data is None
        elif kind in (EVENT, BINARY_EVENT):
            valid = isinstance(data, list) and bool(data) and isinstance(data[0], str)
            valid = valid and data[0] not in RESERVED
        elif kind in (ACK, BINARY_ACK):
            valid = isinstance(data, list) and self.id is not None
        else:
            valid = False
        if not valid:
            raise MalformedError("not a Socket.IO packet: the payload does not suit its type")
        most = MOST_ATTACHMENTS if kind in (BINARY_EVENT, BINARY_ACK) else 0
        if not min(1, most) <= self.attachment_count <= most:
            raise MalformedError(f"not a Socket.IO packet: {self.attachment_count} attachments")

    @classmethod
    def _reconstruct_binary_internal(cls, data: Any, attachments: list[bytes]) -> Any:
        """As the library's, but for places that do not exist: it counts -1 from the end."""
        if isinstance(data, dict) and data.get("_placeholder") is True:
            place = data.get("num")
            if type(place) is not int or not 0 <= place < len(attachments):
                raise ValueError(f"there is no attachment {place!r}")
        return super()._reconstruct_binary_internal(data, attachments)

    def attach(self, attachment: str | bytes) -> bool:
        """Add what followed the packet; True when it is complete. Raises MalformedError."""
        if not isinstance(attachment, bytes):
            raise MalformedError("text where a binary attachment belongs")
        try:
            complete: bool = self.add_attachment(attachment)
        except (ValueError, TypeError, KeyError, IndexError, RecursionError) as error:
            raise MalformedError(f"the attachments do not fit: {error}") from error
        return complete


def encode(
    kind: int, namespace: str, data: Any = None, number: int | None = None
) -> list[Outgoing]:
    """A packet and its binary attachments. Raises TypeError for data that JSON has no form for."""
    try:
        body = b"" if data is None else orjson.dumps(data)
    except TypeError:
        return _encode_unusual(kind, namespace, data, number)
    where = b"" if namespace == "/" else f"{namespace},".encode()
    id = b"" if number is None else b"%d" % number
    return [Outgoing.written(b"4%d%b%b%b" % (kind, where, id, body))]


def _encode_unusual(kind: int, namespace: str, data: Any, number: int | None) -> list[Outgoing]:
    """With what orjson refuses: bytes, which become attachments, and half surrogate pairs."""
    encoded = Packet(kind, data=data, namespace=namespace, id=number).encode()
    parts = encoded if isinstance(encoded, list) else [encoded]
    return [packets.message(bytes(p) if isinstance(p, bytearray) else p) for p in parts]


def read_event(encoded: bytes) -> tuple[int | None, list[Any]] | None:
    """The number and the data of an event in `/` that has no attachments and nothing unusual; None
    for whatever else it is, which `Packet.read` then finds out.
    """
    start = encoded.find(b"[", 1, _LONGEST_NUMBER)
    digits = encoded[1:start]
    if start < 1 or encoded[:1] != _EVENT or not (start == 1 or digits.isdigit()):
        return None
    try:
        data = orjson.loads(encoded[start:])
    except orjson.JSONDecodeError:
        return None
    valid = bool(data) and isinstance(data[0], str) and data[0] not in RESERVED
    return (int(digits) if digits else None, data) if valid else None


def read_connect(encoded: bytes) -> dict[str, Any] | None:
    """What a CONNECT to `/` has for its handler; None for whatever else it is."""
    if encoded == CONNECT_SIGN:
        return {}
    if encoded[1:2] != b"{":
        return None
    try:
        auth: dict[str, Any] = orjson.loads(encoded[1:])
    except orjson.JSONDecodeError:
        return None
    return auth


def encode_event(
    namespace: str, event: str, args: Sequence[Any], number: int | None = None
) -> list[Outgoing]:
    """An event for any number of sockets."""
    return encode(EVENT, namespace, [event, *args], number)
