"""python-socketio's client, in the same words as Node's."""

from __future__ import annotations

import asyncio
from typing import Any

import socketio

from tests.e2e.mailbox import PATIENCE, Mailbox, Refused

TRANSPORTS = {
    "websocket": ["websocket"],
    "polling": ["polling"],
    "upgrade": ["polling", "websocket"],
}


class PythonClient(Mailbox):
    """One client; *transport* is a key of TRANSPORTS."""

    def __init__(self, transport: str) -> None:
        super().__init__()
        self._client = socketio.AsyncClient(reconnection_delay=0.1, reconnection_delay_max=0.5)
        self._transports = TRANSPORTS[transport]
        self._namespace = "/"

    async def connect(
        self,
        url: str,
        *,
        namespace: str = "/",
        auth: dict[str, Any] | None = None,
        reconnect: bool = False,
    ) -> None:
        """Raises Refused."""
        self._namespace = namespace
        self._client.reconnection = reconnect
        self._client.on("connect", self._connected, namespace=namespace)
        self._client.on("*", self.put, namespace=namespace)
        self._client.on("connect_error", self._refused, namespace=namespace)
        self._client.on("disconnect", self._gone, namespace=namespace)
        try:
            await self._client.connect(
                url,
                namespaces=[namespace],
                transports=self._transports,
                auth=auth,
                wait_timeout=PATIENCE,
            )
        except socketio.exceptions.ConnectionError as error:
            data = self.rest("connect_error")
            refused = data[-1] if data and isinstance(data[-1], dict) else {}
            raise Refused(str(error), refused.get("data")) from error

    def _connected(self) -> None:
        self.put("connect")

    def _refused(self, data: Any) -> None:
        self.put("connect_error", data)

    def _gone(self, reason: str) -> None:
        self.put("disconnect", {"reason": reason, "code": None})

    async def emit(self, event: str, *args: Any) -> None:
        await self._client.emit(event, args, namespace=self._namespace)

    async def ask(self, event: str, *args: Any) -> Any:
        """Emit, and return the acknowledgement."""
        return await self._client.call(event, args, namespace=self._namespace, timeout=PATIENCE)

    async def burst(self, event: str, items: list[Any]) -> list[Any]:
        """Emit all without waiting; the acknowledgements."""
        loop = asyncio.get_running_loop()
        answers: list[asyncio.Future[Any]] = [loop.create_future() for _ in items]
        for item, answer in zip(items, answers, strict=True):
            await self._client.emit(
                event, item, namespace=self._namespace, callback=answer.set_result
            )
        return await asyncio.wait_for(asyncio.gather(*answers), PATIENCE)

    async def transport(self) -> str:
        return str(self._client.transport())

    async def cut(self) -> None:
        """Vanish without a goodbye (on a WebSocket)."""
        self._client.eio.ws._response.connection.transport.abort()

    async def close(self) -> None:
        await self._client.disconnect()
