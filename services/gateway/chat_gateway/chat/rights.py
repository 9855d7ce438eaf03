"""What a client may do in a room."""

from __future__ import annotations

import time
from collections.abc import Callable

from chat_gateway.access.identity import Identity, Permissions, Right
from chat_gateway.limits.addresses import neighbourhood
from chat_gateway.manager.membership import Membership
from chat_gateway.manager.socket import Socket
from chat_gateway.moderation import rules
from chatcluster.core import codes
from chatcluster.core.errors import Refused
from chatcluster.core.sanctions import Kind, Sanctions


class Rights:
    """What clients were permitted, without what the `sanctions` in force take from them. Clients
    are named by their socket ids; *now*: seconds since 1970.
    """

    def __init__(self, members: Membership, *, now: Callable[[], float] = time.time) -> None:
        self.sanctions = Sanctions()
        self._members = members
        self._now = now

    def must(self, sid: str, right: Right, room: str) -> None:
        """Raises Refused unless the client has the right there."""
        socket = self._members.sockets.get(sid)
        if (
            socket is not None
            and socket.session.granted is None
            and right is not Right.MODERATE
            and not self.sanctions
        ):
            return  # nobody is asked who they are, and nobody is kept from anything
        if (refused := self.refusal(sid, right, room)) is not None:
            raise refused

    def refusal(self, sid: str, right: Right, room: str) -> Refused | None:
        """Why the client has not the right there; None if it has."""
        socket = self._members.sockets.get(sid)
        if socket is None:
            return Refused(codes.NOT_JOINED, "disconnected meanwhile")
        granted = socket.session.granted
        if not may(None if granted is None else granted.permissions, right, room):
            return _forbidden(right, room)
        return self._against(socket, rules.KINDS[right], room) if self.sanctions else None

    def must_be_welcome(self, sid: str) -> None:
        """Raises Refused for a client that is banned from the chat."""
        socket = self._members.sockets.get(sid)
        if socket is not None and self.sanctions:
            refused = self._against(socket, (Kind.BAN,), None)
            if refused is not None:
                raise refused

    def must_moderate(self, sid: str, room: str | None) -> Identity:
        """Who may moderate the room, or (None) the whole chat. Raises Refused."""
        socket = self._members.sockets.get(sid)
        if room is not None:
            self.must(sid, Right.MODERATE, room)
        elif socket is None or not socket.identity.permissions.moderates_all:
            raise Refused(codes.FORBIDDEN, "you may not moderate the whole chat")
        self.must_be_welcome(sid)
        assert socket is not None, "or it would have been refused"
        return socket.identity

    def may_know(self, sid: str, room: str) -> bool:
        """Whether the client may learn that there is such a room."""
        granted = self._granted(sid)
        return granted is None or any(granted.permissions.may(right, room) for right in Right)

    def name(self, sid: str) -> str:
        """The name that a client was let in with; empty if it may choose."""
        granted = self._granted(sid)
        return "" if granted is None else granted.name

    def user(self, sid: str) -> str:
        """The id that a client was let in with; empty for who has not shown it."""
        granted = self._granted(sid)
        return "" if granted is None else granted.user

    def _granted(self, sid: str) -> Identity | None:
        """As whom the client was let in, if it was asked."""
        socket = self._members.sockets.get(sid)
        return None if socket is None else socket.session.granted

    def _against(self, socket: Socket, kinds: tuple[Kind, ...], room: str | None) -> Refused | None:
        identity = socket.identity
        now = self._now()
        place = neighbourhood(identity.address) if self.sanctions.of_addresses else ""
        found = rules.first(self.sanctions, kinds, identity, place, room, now)
        return None if found is None else rules.refusal(found, now)


def may(permissions: Permissions | None, right: Right, room: str) -> bool:
    """None is somebody who was not asked who they are."""
    if permissions is None:
        return right is not Right.MODERATE
    return permissions.may(right, room)


def _forbidden(right: Right, room: str) -> Refused:
    where = f"the room {room!r}" if room else "the lobby"
    inside = " in" if right is Right.WRITE else ""
    return Refused(codes.FORBIDDEN, f"you may not {right}{inside} {where}")
