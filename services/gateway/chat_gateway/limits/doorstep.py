"""Connections that are no clients yet: those that have not said what they want, and those of
HTTP.
"""

from __future__ import annotations

from collections.abc import Callable

from chat_gateway.limits.addresses import Proxies, neighbourhood
from chat_gateway.limits.tally import Tally
from chatcluster.core.codes import ADDRESS_FULL, GATEWAY_FULL, Code

PER_CLIENT = 6  # as many as a browser opens to one host (Chromium, "max sockets per group")


class Doorstep:
    """At most *most* of them together with the clients that have WebSockets, and of one address
    those of *clients_per_address*; trusted proxies have as many as they need. 0 is no limit.
    """

    def __init__(
        self, proxies: Proxies | None = None, *, most: int = 0, clients_per_address: int = 0
    ) -> None:
        self.here = 0
        self.clients: Callable[[], int] = lambda: 0  # those that have WebSockets
        self._most = most
        self._proxies = proxies or Proxies()
        self._limited = bool(clients_per_address)
        self._by_address = Tally(PER_CLIENT * clients_per_address)

    def enter(self, peer: str) -> str | Code:
        """A place for a connection from *peer*, to be given back at its end, or why there is
        none.
        """
        if self._most and self.here + self.clients() >= self._most:
            return GATEWAY_FULL
        place = ""
        if self._limited and not self._proxies.trusts(peer):
            place = neighbourhood(peer)
            if not self._by_address.take(place):
                return ADDRESS_FULL
        self.here += 1
        return place

    def leave(self, place: str) -> None:
        """The connection has ended, or become a client's."""
        self.here -= 1
        if place:
            self._by_address.give(place)
