"""What a client may do in a room."""

from __future__ import annotations

from chat_gateway.access.identity import Permissions, Right
from chat_gateway.manager.membership import Membership
from chatcluster.core import codes
from chatcluster.core.errors import Refused


def may(permissions: Permissions | None, right: Right, room: str) -> bool:
    """None gives all rights."""
    return permissions is None or permissions.may(right, room)


def may_know(permissions: Permissions | None, room: str) -> bool:
    """Whether the client may learn that there is such a room."""
    return permissions is None or any(permissions.may(right, room) for right in Right)


def must(permissions: Permissions | None, right: Right, room: str) -> None:
    """Raises Refused unless the right is given there; None gives all."""
    if not may(permissions, right, room):
        where = f"the room {room!r}" if room else "the lobby"
        raise Refused(
            codes.FORBIDDEN, f"you may not {right}{' in' if right is Right.WRITE else ''} {where}"
        )


def permissions_of(members: Membership, sid: str) -> Permissions | None:
    """Those of a client; None where nobody is asked who they are."""
    socket = members.sockets.get(sid)
    granted = None if socket is None else socket.session.granted
    return None if granted is None else granted.permissions


def known_name(members: Membership, sid: str) -> str:
    """The name that a client was let in with; empty if it may choose."""
    socket = members.sockets.get(sid)
    granted = None if socket is None else socket.session.granted
    return "" if granted is None else granted.name
