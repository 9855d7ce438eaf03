"""What a polling client is still told when the server closed its session between two GETs."""

from __future__ import annotations

import asyncio

from chat_gateway.sockets.polling import PollingLink

KEPT_SECONDS = 30.0  # as long as Node's server waits for the next GET (`closeTimeout`)


class Farewells:
    """Links of closed sessions, each until its client has fetched the rest and the close packet."""

    def __init__(self) -> None:
        self._links: dict[str, PollingLink] = {}

    def keep(self, sid: str, link: PollingLink) -> None:
        if link.queue:
            self._links[sid] = link
            asyncio.get_running_loop().call_later(KEPT_SECONDS, self._links.pop, sid, None)

    def take(self, sid: str) -> str | None:
        """The body for a GET; None if there is nothing to say any more."""
        link = self._links.get(sid)
        if link is None:
            return None
        body = link.take_body()
        if not link.queue:
            del self._links[sid]
        return body or None
