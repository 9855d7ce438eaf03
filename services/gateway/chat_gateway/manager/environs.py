"""The requests that opened the clients' connections, as python-socketio keeps them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from chat_gateway.sockets.session import Session


class Environs(Mapping[str, dict[str, Any]]):
    """What python-socketio keeps for each session, made when it is asked for."""

    def __init__(self, sessions: Mapping[str, Session]) -> None:
        self._sessions = sessions

    def __getitem__(self, eio_sid: str) -> dict[str, Any]:
        kept = self._sessions[eio_sid].handshake
        return {} if kept is None else kept.environ()

    def __iter__(self) -> Iterator[str]:
        return iter(self._sessions)

    def __len__(self) -> int:
        return len(self._sessions)
