"""How whoever sends much waits for the client to read it."""

from __future__ import annotations

import asyncio

from chat_gateway.sockets.session import Session

CAUGHT_UP_BYTES = 65_536
CAUGHT_UP_SECONDS = 0.02


async def caught_up(session: Session) -> None:
    """Return when the client has read nearly all that it was sent, or is gone."""
    # Asked for again and again: a transport's buffer tells nobody when it has become shorter.
    while not session.closed and session.link and session.link.pending > CAUGHT_UP_BYTES:  # noqa: ASYNC110
        await asyncio.sleep(CAUGHT_UP_SECONDS)
