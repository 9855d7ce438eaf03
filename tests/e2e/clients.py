"""Stock clients of two languages, over each transport."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import pytest

from tests.e2e.node_client import NodeClient, NodeProcess
from tests.e2e.python_client import PythonClient

Client = NodeClient | PythonClient
Connect = Callable[..., Awaitable[Any]]


class Kind(NamedTuple):
    language: str
    transport: str


PLAIN = Kind("python", "websocket")
NODE = Kind("node", "websocket")
KINDS = [
    Kind(one, way) for one in ("node", "python") for way in ("websocket", "polling", "upgrade")
]


def params(kinds: list[Kind]) -> list[Any]:
    """Parameters for a fixture or a test; those of Node marked so."""
    return [
        pytest.param(
            kind, id="-".join(kind), marks=[pytest.mark.node] if kind.language == "node" else []
        )
        for kind in kinds
    ]


class Clients:
    """Connects clients, and closes those that are left."""

    def __init__(self, node: NodeProcess) -> None:
        self._node = node
        self._open: list[Client] = []

    def make(self, kind: Kind) -> Client:
        client = (
            NodeClient(self._node, kind.transport)
            if kind.language == "node"
            else PythonClient(kind.transport)
        )
        self._open.append(client)
        return client

    async def connect(self, url: str, *more: Any, kind: Kind = PLAIN, **options: Any) -> Client:
        """Connect and return the client. Raises Refused."""
        client = self.make(kind)
        await client.connect(url, *more, **options)
        return client

    async def close(self) -> None:
        for client in self._open:
            await client.close()
