"""One client in one namespace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from chat_gateway.access.identity import Identity
from chat_gateway.sockets.session import Session


class Pending(Protocol):
    """What waits for acknowledgements; called at most once for each client."""

    def acked(self, socket: Socket, data: Sequence[Any]) -> Any:
        """The client acknowledged with these arguments. What is returned may be awaited."""

    def gone(self, socket: Socket) -> None:
        """The client has left without."""


class Socket:
    """A client that is in the rooms `named`; while `connected`, also in that of its namespace ("")
    and in its own.
    """

    __slots__ = ("acks", "auth", "connected", "named", "namespace", "session", "sid")

    def __init__(self, sid: str, namespace: str, session: Session) -> None:
        self.sid = sid
        self.namespace = namespace
        self.session = session
        self.connected = False  # between the connect handler's yes and the disconnect
        self.named: tuple[str, ...] = ()
        self.auth = b""  # what the client sent to connect with, as JSON
        self.acks: dict[int, Pending] | None = None

    @property
    def identity(self) -> Identity:
        """Who the client is: the same in all namespaces of its connection."""
        return self.session.identity

    @property
    def rooms(self) -> set[str]:
        return {"", self.sid, *self.named} if self.connected else set(self.named)

    def expect(self, number: int, pending: Pending) -> None:
        """An acknowledgement with this number is for *pending*."""
        if self.acks is None:
            self.acks = {}
        self.acks[number] = pending

    def forget(self, number: int) -> Pending | None:
        """Who waited for this number; nobody does from now on."""
        return self.acks.pop(number, None) if self.acks is not None else None
