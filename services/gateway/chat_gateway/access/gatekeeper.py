"""Lets sessions in as a judge decides, and ends them when their time is over."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

from chat_gateway.access.identity import Identity
from chat_gateway.access.judging import Asked, Judge
from chat_gateway.manager.encoding import encode_event
from chat_gateway.manager.gate import RENEW
from chat_gateway.manager.membership import Membership
from chat_gateway.manager.socket import Socket
from chat_gateway.sockets.packets import Outgoing
from chat_gateway.sockets.session import SERVER_DISCONNECT, Session
from chatcluster.chat.message import CHAT
from chatcluster.core import codes
from chatcluster.core.errors import Refused

# Events that clients are sent.
IDENTITY = "identity"
EXPIRING = "expiring"
LONGEST_TIMER = 86_400.0  # seconds; a token that lives longer is looked at again then
SHOWN = ("nickname", "lobby")  # the fields of a handshake that are no secret

_NEVER = float("inf")

Renewed = Callable[[Session], Awaitable[None]]


class Gatekeeper:
    """A session is one user's: what *judge* said when it came in by its first namespace holds for
    the others, until it shows something else.

    *remind*: seconds before the end at which clients are told of it (0: they are not). *renewed* is
    called when a session's identity has changed, *identify* with its user before it has one, and
    may refuse it. *now*: seconds since 1970.
    """

    def __init__(
        self,
        judge: Judge,
        members: Membership,
        *,
        remind: float,
        renewed: Renewed,
        identify: Callable[[Session, str], None],
        now: Callable[[], float],
    ) -> None:
        self._judge = judge
        self._members = members
        self._remind = remind
        self._renewed = renewed
        self._identify = identify
        self._now = now
        self._timers: dict[str, asyncio.TimerHandle] = {}  # by session

    def shown(self, auth: Mapping[str, Any]) -> dict[str, Any]:
        return {name: auth[name] for name in SHOWN if name in auth}

    async def admit(self, session: Session, namespace: str, auth: Mapping[str, Any]) -> None:
        known = session.granted
        if known is not None and "token" not in auth:
            return
        identity = await self._judge.judge(_asked(session, namespace, auth, renewal=False))
        if known is None:
            self._grant(session, identity)
            return
        self._same_user(known, identity)
        if not known.user or (identity.expires or _NEVER) > (known.expires or _NEVER):
            self._grant(session, identity)
            await self._renewed(session)

    async def renew(
        self, session: Session, namespace: str, args: tuple[Any, ...]
    ) -> dict[str, Any]:
        auth = _auth_of(args)
        identity = await self._judge.judge(_asked(session, namespace, auth, renewal=True))
        if session.granted is not None:
            self._same_user(session.granted, identity)
        self._grant(session, identity)
        await self._renewed(session)
        return self.told(identity)

    def greet(self, socket: Socket) -> None:
        """The client has connected to a namespace: it is told who it is, and of a near end."""
        identity = socket.identity
        if socket.namespace == CHAT:
            outgoing = encode_event(CHAT, IDENTITY, (self.told(identity),))
            socket.session.send(outgoing)
        if identity.expires is not None and identity.expires - self._now() <= self._remind:
            socket.session.send(self._reminder(socket.namespace, identity.expires))

    def told(self, identity: Identity) -> dict[str, Any]:
        """What a client is told of itself; `seconds` are those that it has left."""
        left = None if identity.expires is None else max(0.0, identity.expires - self._now())
        return {
            "user": identity.user or None,
            "name": identity.name or None,
            "seconds": None if left is None else round(left, 3),
        }

    def closed(self, session: Session) -> None:
        if (timer := self._timers.pop(session.sid, None)) is not None:
            timer.cancel()

    def _same_user(self, known: Identity, identity: Identity) -> None:
        if known.user and identity.user != known.user:
            raise Refused(codes.OTHER_USER, "auth.token: it is another user's; connect anew")

    def _grant(self, session: Session, identity: Identity) -> None:
        if session.closed:
            raise Refused(codes.TOKEN_EXPIRED, "disconnected meanwhile")
        if identity.user:
            self._identify(session, identity.user)
        session.granted = identity
        self.closed(session)
        self._wait(session, reminded=not self._remind)

    def _wait(self, session: Session, *, reminded: bool) -> None:
        """For the reminder, then for the end."""
        identity = session.granted
        if identity is None or identity.expires is None:
            return
        left = identity.expires - self._now()
        if not reminded and left <= self._remind:
            for namespace in self._namespaces(session):
                session.send(self._reminder(namespace, identity.expires))
            reminded = True
        if left <= 0:
            self._end(session)
            return
        due = min(left if reminded else left - self._remind, LONGEST_TIMER)
        loop = asyncio.get_running_loop()
        self._timers[session.sid] = loop.call_later(
            due, lambda: self._wait(session, reminded=reminded)
        )

    def _end(self, session: Session) -> None:
        # Polling clients see no close code, so all are told in words as well.
        error = Refused(codes.TOKEN_EXPIRED, "the token has expired: come back with a new one")
        refused = {"event": RENEW, **error.as_reply()}
        for namespace in self._namespaces(session):
            session.send(encode_event(namespace, "refused", (refused,)))
        session.close(SERVER_DISCONNECT, codes.TOKEN_EXPIRED)

    def _reminder(self, namespace: str, expires: float) -> list[Outgoing]:
        seconds = round(max(0.0, expires - self._now()), 3)
        return encode_event(namespace, EXPIRING, ({"seconds": seconds},))

    def _namespaces(self, session: Session) -> Iterator[str]:
        """Those that the session is connected to."""
        for namespace in self._members.namespaces_of(session.sid):
            socket = self._members.of_session(session.sid, namespace)
            if socket is not None and socket.connected:
                yield namespace


def _auth_of(args: tuple[Any, ...]) -> Mapping[str, Any]:
    """A token, or an object as in the handshake's `auth`. Raises Refused."""
    if len(args) == 1 and isinstance(args[0], str):
        return {"token": args[0]}
    if len(args) != 1 or not isinstance(args[0], dict):
        raise Refused(codes.INVALID, f"{RENEW}: one object is expected as argument")
    return args[0]


def _asked(session: Session, namespace: str, auth: Mapping[str, Any], *, renewal: bool) -> Asked:
    opened = session.handshake
    environ = {} if opened is None else opened.environ()
    return Asked(
        auth,
        namespace,
        session.identity.address,
        environ.get("HTTP_ORIGIN", ""),
        environ.get("HTTP_USER_AGENT", ""),
        renewal,
    )
