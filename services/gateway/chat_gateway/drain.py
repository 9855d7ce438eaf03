"""Leaving without hurting anybody: clients are sent elsewhere a few at a time."""

from __future__ import annotations

import asyncio

from chat_gateway.sockets.engine import EngineServer
from chat_gateway.sockets.session import SERVER_DISCONNECT
from chatcluster.core.codes import DRAINING

STEP_SECONDS = 0.1


async def drain(engine: EngineServer, seconds: float) -> None:
    """Close all connections, evenly over *seconds*, and return when they are handled.

    Transports are closed, not Socket.IO namespaces: after a DISCONNECT packet JavaScript's client
    does not come back by itself, after a closed transport it does.
    """
    engine.entrance.gate.refusing = DRAINING
    steps = max(1, round(seconds / STEP_SECONDS))
    for step in range(steps, 0, -1):
        sessions = list(engine.sockets.values())
        if not sessions:
            break
        for session in sessions[: -(-len(sessions) // step)]:
            session.close(SERVER_DISCONNECT, DRAINING)
        if step > 1:
            await asyncio.sleep(STEP_SECONDS)
    await engine.idle()
