"""Who decides whether a client is let in, and what about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from chat_gateway.access.identity import Identity


@dataclass(frozen=True, slots=True)
class Asked:
    """A client that wants to come in by *namespace* or, when it is in already, to stay (`renewal`).

    `auth` is what it shows; `address`, `origin` and `agent` are those of the request that opened
    its connection.
    """

    auth: Mapping[str, Any] = field(repr=False)
    namespace: str
    address: str
    origin: str
    agent: str
    renewal: bool


class Judge(Protocol):
    async def judge(self, asked: Asked) -> Identity:
        """Raises Refused."""
