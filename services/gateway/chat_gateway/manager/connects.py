"""Clients that connect to a namespace: let in, welcomed, or turned away."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from socketio.exceptions import ConnectionRefusedError

from chat_gateway.manager import encoding
from chat_gateway.manager.answer import refusal
from chat_gateway.manager.gate import Gate
from chat_gateway.manager.membership import Membership
from chat_gateway.manager.prompt import PromptConnect
from chat_gateway.manager.socket import Socket
from chat_gateway.sockets.session import SERVER_DISCONNECT, Session
from chat_gateway.sockets.wheel import Turn, Wheel
from chatcluster.core import codes
from chatcluster.core.errors import MalformedError, Refused

Connecting = Callable[[str, dict[str, Any]], Awaitable[Any]]


class Connects:
    """*accepts* says which namespaces there are, *most* in how many of them one connection may be
    (`/messages/<room>` can be written in any number of ways); *connected* is called when a client
    has been told that it is connected and before it is sent anything else. Within *timeout*
    seconds a session has to connect to something.
    """

    def __init__(
        self,
        members: Membership,
        new_id: Callable[[], str],
        *,
        accepts: Callable[[str], bool],
        connected: Callable[[Socket], None],
        most: int,
        timeout: float,
        gate: Gate | None = None,
    ) -> None:
        self._members = members
        self._new_id = new_id
        self._accepts = accepts
        self._connected = connected
        self._most = most
        self._gate = gate
        self._connecting: Wheel[Session] = Wheel(timeout, self._expire)

    def opened(self, session: Session) -> None:
        """A session has begun: it ends if it is in no namespace when its time is over."""
        self._connecting.add(session)

    def admit(self, session: Session, namespace: str, auth: dict[str, Any]) -> str | None:
        """An id for a client about whom a handler is to be asked; None if it was refused. Raises
        MalformedError for one that is connected.
        """
        if not self._accepts(namespace):
            invalid = {"message": "Invalid namespace"}
            session.send(encoding.encode(encoding.CONNECT_ERROR, namespace, invalid))
            return None
        if len(self._members.namespaces_of(session.sid)) >= self._most:
            many = f"namespace: more than {self._most} of one connection"
            self.refuse(session, namespace, Refused(codes.TOO_MANY_ROOMS, many))
            return None
        sid = self._new_id()
        socket = None if session.closed else self._members.add(sid, namespace, session)
        if socket is None:
            raise MalformedError(f"connected to {namespace} already")
        socket.auth = _as_json(auth)
        return sid

    def at_once(
        self, session: Session, namespace: str, auth: dict[str, Any], handler: PromptConnect
    ) -> None:
        """The whole of it, for a *handler* that need not wait."""
        if (sid := self.admit(session, namespace, auth)) is None:
            return
        try:
            handler(sid, auth)
        except Exception as error:
            self.turn_away(session, namespace, sid, error)
        else:
            self.welcome(session, namespace, sid)

    async def in_turn(
        self, session: Session, namespace: str, auth: dict[str, Any], handler: Connecting
    ) -> None:
        """The whole of it, for a *handler* that may take its time, and after the gate was asked.

        It says no as python-socketio has it: by False, or ConnectionRefusedError with a message and
        perhaps `data`; or by `Refused`.
        """
        shown = auth if self._gate is None else self._gate.shown(auth)
        if (sid := self.admit(session, namespace, shown)) is None:
            return
        try:
            if self._gate is not None:
                await self._gate.admit(session, namespace, auth)
            if await handler(sid, auth) is False:
                raise ConnectionRefusedError
        except Exception as error:
            self.turn_away(session, namespace, sid, error)
        else:
            self.welcome(session, namespace, sid)

    def welcome(self, session: Session, namespace: str, sid: str) -> None:
        """The handler has said yes."""
        socket = self._members.sockets.get(sid)
        if socket is None:  # it left while its handler ran
            return
        session.send(encoding.encode(encoding.CONNECT, namespace, {"sid": sid}))
        self._members.connect(sid)
        self._connected(socket)

    def turn_away(self, session: Session, namespace: str, sid: str, error: Exception) -> None:
        """The handler has said no."""
        self._members.remove(sid)
        self.refuse(session, namespace, error)

    def refuse(self, session: Session, namespace: str, error: Exception) -> None:
        """Tell the client why it is not let in."""
        if isinstance(error, ConnectionRefusedError):
            session.counts.refused.add(codes.FORBIDDEN.name)
            session.send(encoding.encode(encoding.CONNECT_ERROR, namespace, error.error_args))
            return
        reply = refusal(error, "connect", namespace)["error"]
        session.counts.refused.add(reply["code"])
        answer = {"message": reply["message"], "data": reply}
        session.send(encoding.encode(encoding.CONNECT_ERROR, namespace, answer))

    def _expire(self, session: Session, turn: Turn[Session]) -> None:
        if not session.closed and not self._members.namespaces_of(session.sid):
            session.close(SERVER_DISCONNECT)


def _as_json(auth: Any) -> bytes:
    """What JSON has no form for (half a surrogate pair) is left out: it could not be sent on."""
    try:
        return orjson.dumps(auth) if auth else b""
    except TypeError:
        return b""
