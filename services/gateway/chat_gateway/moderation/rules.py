"""What a sanction takes from whom: rules without I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil

from chat_gateway.access.identity import Identity, Right
from chatcluster.core import codes
from chatcluster.core.codes import Code
from chatcluster.core.errors import Refused
from chatcluster.core.sanctions import Kind, Sanction, Sanctions

_PLACES = (Kind.BAN, Kind.CLOSE)
_WORDS = (Kind.BAN, Kind.CLOSE, Kind.MUTE)

# By right, what takes it away.
KINDS: Mapping[Right, tuple[Kind, ...]] = {
    Right.JOIN: _PLACES,
    Right.READ: _PLACES,
    Right.WRITE: _WORDS,
    Right.CREATE: _WORDS,
    Right.REMOVE: (Kind.BAN,),
    Right.MODERATE: (Kind.BAN,),
}
CODES: Mapping[Kind, Code] = {
    Kind.BAN: codes.BANNED,
    Kind.MUTE: codes.MUTED,
    Kind.CLOSE: codes.ROOM_CLOSED,
}


def first(
    sanctions: Sanctions,
    kinds: Sequence[Kind],
    identity: Identity,
    place: str,
    room: str | None,
    now: float,
) -> Sanction | None:
    """A sanction of one of these kinds that holds for *identity*, who comes from *place*, in the
    room or, with None, everywhere.
    """
    for kind in kinds:
        if kind is Kind.CLOSE and room is not None and spared(identity, room):
            continue
        found = sanctions.find(kind, identity.user, place, room, now)
        if found is not None:
            return found
    return None


def spared(identity: Identity, room: str) -> bool:
    """Whether a closed room is open to them."""
    return identity.permissions.may(Right.MODERATE, room)


def concerns(sanction: Sanction, identity: Identity, place: str) -> bool:
    """Whether it is against *identity*, who comes from *place*."""
    if sanction.kind is Kind.CLOSE:
        return not spared(identity, sanction.room or "")
    by_user = bool(sanction.user) and sanction.user == identity.user
    return by_user or (bool(sanction.address) and sanction.address == place)


def refusal(sanction: Sanction, now: float) -> Refused:
    """What somebody is told whom it concerns."""
    where = "here"
    if sanction.room is not None:
        where = f"in the room {sanction.room!r}" if sanction.room else "in the lobby"
    what = {
        Kind.BAN: f"you may not be {where}",
        Kind.MUTE: f"you may not say anything {where}",
        Kind.CLOSE: "the room is closed" if sanction.room else "the lobby is closed",
    }[sanction.kind]
    if sanction.until is not None:
        what += f", for {max(1, ceil(sanction.until - now))} more seconds"
    return Refused(CODES[sanction.kind], f"{what}: {sanction.reason}" if sanction.reason else what)
