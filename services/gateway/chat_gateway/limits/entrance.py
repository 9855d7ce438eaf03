"""What a request for a connection is asked about, before anything is done for it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from chat_gateway.limits.addresses import Proxies
from chat_gateway.limits.doorstep import Doorstep
from chat_gateway.limits.gate import Entry, Gate, GateLimits
from chat_gateway.limits.origins import Origins
from chatcluster.core.codes import FORBIDDEN_ORIGIN, Code
from chatcluster.core.rate import Rate, Rates
from chatcluster.runtime.logs import get_logger

Headers = Iterable[tuple[str, str]]
TELL_SECONDS = 60.0  # between two lines in the log about the same code

log = get_logger(__name__)


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
        doorstep: Doorstep | None = None,
    ) -> None:
        """Without any of these, everybody may."""
        self.gate = gate or Gate(GateLimits(), time.monotonic)
        self.refused: Counter[str] = Counter()
        self._origins = origins or Origins()
        self._proxies = proxies or Proxies()
        self.doorstep = doorstep or Doorstep()
        self._lengths = frozenset(map(len, ("origin", "host", *self._proxies.headers)))
        self._told = Rates(Rate.of(1 / TELL_SECONDS, 1))

    def step(self, peer: str) -> str | Code:
        """A place on the doorstep, or why there is none."""
        place = self.doorstep.enter(peer)
        return place if isinstance(place, str) else self._refuse(self._tell(place, address=peer))

    def visit(self, peer: str, headers: Headers) -> Visit:
        """*peer*: the address at the other end of the connection."""
        told: list[str] = []
        origins: list[str] = []
        host = ""
        for name, value in headers:
            if len(name) not in self._lengths:  # most are passed over without a copy
                continue
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
        told = self._tell(FORBIDDEN_ORIGIN, origins=visit.origins, host=visit.host)
        return self._refuse(told)

    def enter(self, visit: Visit) -> Entry | Code:
        """A place for a new session, or why there is none."""
        entry = self.gate.enter(visit.address)
        if isinstance(entry, Entry):
            return entry
        return self._refuse(self._tell(entry, address=visit.address))

    def _tell(self, code: Code, **why: object) -> Code:
        """In the log, of each code once a minute."""
        if self._told.spend(code.name, time.monotonic()):
            log.warning("refused", code=code.name, **why)
        return code

    def _refuse(self, code: Code) -> Code:
        self.refused[code.name] += 1
        return code
