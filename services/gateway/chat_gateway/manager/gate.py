"""Who is asked before a client is let in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from chat_gateway.sockets.session import Session

RENEW = "auth"  # the event with which a client shows a new token


class Gate(Protocol):
    def shown(self, auth: Mapping[str, Any]) -> dict[str, Any]:
        """What others may see of what a client connects with."""

    async def admit(self, session: Session, namespace: str, auth: Mapping[str, Any]) -> None:
        """Return if the session may connect to the namespace. Raises Refused."""

    async def renew(
        self, session: Session, namespace: str, args: tuple[Any, ...]
    ) -> dict[str, Any]:
        """Act on the event RENEW; its acknowledgement. Raises Refused."""

    def closed(self, session: Session) -> None:
        """The session has ended."""
