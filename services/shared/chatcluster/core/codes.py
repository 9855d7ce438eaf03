"""Every code that a client can meet, in one table.

`number` is for closed connections: 3000 to 3499 mean "come back", 3500 to 3999 mean "do not" (the
convention of Centrifugo's disconnect codes); RFC 6455 section 7.4.2 leaves 3000 to 3999 to
libraries and frameworks.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """`name` travels in acknowledgements and `connect_error` data; `number` closes a connection."""

    name: str
    number: int
    reconnect: bool

    def __post_init__(self) -> None:
        if self.reconnect != (self.number < 3500):
            raise ValueError(f"{self.name}: {self.number} does not say reconnect={self.reconnect}")


# The connection ends, and the client should come back (perhaps to another gateway).
DRAINING = Code("draining", 3001, reconnect=True)
REBALANCING = Code("rebalancing", 3002, reconnect=True)
TOKEN_EXPIRED = Code("token_expired", 3005, reconnect=True)
SLOW = Code("slow", 3008, reconnect=True)
GATEWAY_FULL = Code("gateway_full", 3010, reconnect=True)
ADDRESS_FULL = Code("address_full", 3011, reconnect=True)
USER_FULL = Code("user_full", 3012, reconnect=True)
GATEWAY_BUSY = Code("gateway_busy", 3013, reconnect=True)

# One request was refused; the connection lives on.
INVALID = Code("invalid", 3500, reconnect=False)
TOO_LONG = Code("too_long", 3501, reconnect=False)
UNKNOWN_ROOM = Code("unknown_room", 3502, reconnect=False)
UNKNOWN_EVENT = Code("unknown_event", 3503, reconnect=False)
TOO_MANY_ROOMS = Code("too_many_rooms", 3504, reconnect=False)
ROOM_EXISTS = Code("room_exists", 3505, reconnect=False)
NOT_JOINED = Code("not_joined", 3506, reconnect=False)
NO_HISTORY = Code("no_history", 3507, reconnect=False)
FORBIDDEN_ORIGIN = Code("forbidden_origin", 3508, reconnect=False)
UNKNOWN_MESSAGE = Code("unknown_message", 3509, reconnect=False)
UNKNOWN_MEMBER = Code("unknown_member", 3510, reconnect=False)

# The client has not shown who it is, or may not do what it asks for.
TOKEN_MISSING = Code("token_missing", 3520, reconnect=False)
TOKEN_INVALID = Code("token_invalid", 3521, reconnect=False)
FORBIDDEN = Code("forbidden", 3522, reconnect=False)
OTHER_USER = Code("other_user", 3523, reconnect=False)

# Somebody who moderates the chat has decided so.
BANNED = Code("banned", 3530, reconnect=False)
MUTED = Code("muted", 3531, reconnect=False)
KICKED = Code("kicked", 3532, reconnect=False)
ROOM_CLOSED = Code("room_closed", 3533, reconnect=False)

# Refused for now; asking again later is right.
UNAVAILABLE = Code("unavailable", 3100, reconnect=True)
INTERNAL = Code("internal", 3101, reconnect=True)
TOO_FAST = Code("too_fast", 3102, reconnect=True)

ALL = (
    DRAINING,
    REBALANCING,
    TOKEN_EXPIRED,
    SLOW,
    GATEWAY_FULL,
    ADDRESS_FULL,
    USER_FULL,
    GATEWAY_BUSY,
    INVALID,
    TOO_LONG,
    UNKNOWN_ROOM,
    UNKNOWN_EVENT,
    TOO_MANY_ROOMS,
    ROOM_EXISTS,
    NOT_JOINED,
    NO_HISTORY,
    FORBIDDEN_ORIGIN,
    UNKNOWN_MESSAGE,
    UNKNOWN_MEMBER,
    TOKEN_MISSING,
    TOKEN_INVALID,
    FORBIDDEN,
    OTHER_USER,
    BANNED,
    MUTED,
    KICKED,
    ROOM_CLOSED,
    UNAVAILABLE,
    INTERNAL,
    TOO_FAST,
)
