"""A polling session's way to a WebSocket (Engine.IO protocol, revision 4, "Upgrade")."""

from __future__ import annotations

import asyncio

from chat_gateway.sockets import frames, packets
from chat_gateway.sockets.packets import Outgoing, Packet
from chat_gateway.sockets.polling import PollingLink
from chat_gateway.sockets.session import Session
from chat_gateway.sockets.websocket import WebSocket
from chatcluster.core.errors import MalformedError

_PROBE = f"{packets.PING}probe"
_ANSWER = Outgoing(Packet(packets.PONG, "probe"))


class Upgrade:
    """Owns a WebSocket until the session is on it: the client probes it (`2probe`, `3probe`) and
    then says that it moves (`5`). Whatever else comes ends the WebSocket, and the session stays
    where it is.
    """

    def __init__(self, session: Session, old: PollingLink, new: WebSocket, seconds: float) -> None:
        self._session = session
        self._old = old
        self._probed = False
        session.upgrading = True
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(seconds, new.fail, MalformedError("no upgrade"))
        self._link = new

    def received(self, payload: bytes, *, binary: bool) -> None:
        packet = "" if binary else frames.text(payload)
        if not self._probed and packet == _PROBE:
            self._probed = True
            self._old.release()
            self._link.send((_ANSWER,))
        elif self._probed and packet == packets.UPGRADE and not self._session.closed:
            self._over()
            self._session.move_to(self._link)
            if waiting := self._old.take():
                self._session.send(waiting)
        else:
            raise MalformedError("no upgrade")

    def keeps_up(self, link: WebSocket, write: bool) -> None:
        """It is sent one packet."""

    def gone(self, link: WebSocket, *, clean: bool) -> None:
        self._over()
        link.part()

    def _over(self) -> None:
        self._timer.cancel()
        self._session.upgrading = False


def begin(session: Session, link: WebSocket, seconds: float) -> None:
    """Let *session* move to *link* within *seconds*, unless it is on a WebSocket or moving."""
    old = session.link
    if not isinstance(old, PollingLink) or session.upgrading:
        link.fail(MalformedError("this session is on a WebSocket already"))
    else:
        link.owner = Upgrade(session, old, link, seconds)
