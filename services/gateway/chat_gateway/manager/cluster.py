"""The clients and programs of all gateways, for the application."""

from __future__ import annotations

from chat_gateway.manager.answering import Answering, Handler
from chat_gateway.manager.asker import Asker
from chat_gateway.manager.broadcast import Namespace
from chat_gateway.manager.manager import FanoutManager
from chatcluster.fanout.port import Fanout


class Cluster:
    """What Socket.IO has for many servers: `await cluster.of("/").to("room").fetch_sockets()`."""

    def __init__(self, manager: FanoutManager, fanout: Fanout) -> None:
        self.answering = Answering(manager)
        self._asker = Asker(self.answering, fanout)
        self._manager = manager

    def of(self, namespace: str) -> Namespace:
        return Namespace(self._manager, self._asker, namespace)

    def on(self, event: str, handler: Handler, *, namespace: str = "/") -> None:
        """Handle `server_side_emit` of other gateways; takes the place of an earlier handler.

        *handler* gets the event's arguments. What it returns, or awaits and returns, is its answer.
        """
        self.answering.handlers[namespace, event] = handler

    async def stop(self) -> None:
        """Handlers that still run are cancelled, and callbacks no longer waited for."""
        await self.answering.stop()
        await self._manager.calls.stop()
