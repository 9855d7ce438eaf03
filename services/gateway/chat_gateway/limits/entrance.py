"""What a request for a connection is asked about, before anything is done for it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from chat_gateway.limits.addresses import Proxies
from chat_gateway.limits.gate import Entry, Gate, GateLimits
from chat_gateway.limits.origins import Origins
from chatcluster.core.codes import FORBIDDEN_ORIGIN, Code

Headers = Iterable[tuple[str, str]]


class Visit(NamedTuple):
    """Where a request comes from: its client's `address`, the pages that sent it, and whom for."""

    address: str
    origins: tuple[str, ...]
    host: str


class Entrance:
    """Knows the way a request came, and which may come in. `refused` counts those that may not,
    by the code's name."""

    def __init__(
        self,
        gate: Gate | None = None,
        *,
        origins: Origins | None = None,
        proxies: Proxies | None = None,
    ) -> None:
        """Without any of these, everybody may."""
        self.gate = gate or Gate(GateLimits(), time.monotonic)
        self.refused: Counter[str] = Counter()
        self._origins = origins or Origins()
        self._proxies = proxies or Proxies()

    def visit(self, peer: str, headers: Headers) -> Visit:
        """*peer*: the address at the other end of the connection."""
        told: list[str] = []
        origins: list[str] = []
        host = ""
        for name, value in headers:
            lower = name.lower()
            if lower == "origin":
                origins.append(value)
            elif lower == "host":
                host = value
            elif lower == self._proxies.header:
                told.append(value)
        return Visit(self._proxies.client(peer, told), tuple(origins), host)

    def forbids(self, visit: Visit) -> Code | None:
        """Why nothing at all is done for it."""
        if self._origins.allow(visit.origins, visit.host):
            return None
        return self._refuse(FORBIDDEN_ORIGIN)

    def enter(self, visit: Visit) -> Entry | Code:
        """A place for a new session, or why there is none."""
        entry = self.gate.enter(visit.address)
        return entry if isinstance(entry, Entry) else self._refuse(entry)

    def _refuse(self, code: Code) -> Code:
        self.refused[code.name] += 1
        return code
