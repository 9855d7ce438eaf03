"""What a look at a gateway's `/stats` found."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel

from chatcluster.runtime.lifecycle import StartError


class OutboxStats(BaseModel):
    waiting: int = 0
    bytes: int = 0


class FanoutStats(BaseModel):
    mode: str
    state: str
    epoch: int = 0  # how often it was changed
    phase: str = "steady"
    outbox: OutboxStats = OutboxStats()


class HistoryStats(BaseModel):
    kind: str
    ok: bool


class GatewayStats(BaseModel):
    """The fields of `/stats` that are shown; there may be others."""

    name: str
    mode: str
    ready: bool
    phase: str
    connections: int
    rooms: int
    messages: int  # all that it has taken since its start
    uptime: float  # seconds
    fanout: FanoutStats
    history: HistoryStats


@dataclass(frozen=True, slots=True)
class Target:
    """A program to look at; where clients reach it and its name are known of our own ones. `token`
    is what its admin server wants to be shown.
    """

    admin: str
    address: str = ""
    name: str = ""
    kind: str = "gateway"
    token: str = field(default="", repr=False)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}


def target(admin: str, token: str = "") -> Target:
    """The gateway with the admin server *admin*, a URL or host:port. Raises StartError."""
    url = admin if "://" in admin else f"http://{admin}"
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname and parts.port)
    except ValueError:  # brackets or a port that are none
        usable = False
    if not usable:
        raise StartError(f"--admin={admin!r}: should be like http://127.0.0.1:9000")
    return Target(f"{parts.scheme}://{parts.netloc}", token=token)


def numbered(name: str) -> tuple[Any, ...]:
    """To sort by: gateway-2 comes before gateway-10."""
    parts = re.split(r"([0-9]+)", name)
    return tuple(int(part) if part.isdigit() else part for part in parts)


@dataclass(frozen=True, slots=True)
class Seen:
    """One gateway: its `stats`, or the `error` for which there are none."""

    at: Target
    stats: GatewayStats | None = None
    error: str = ""
    rate: float | None = None  # messages a second; None until two looks have been taken

    @property
    def name(self) -> str:
        return self.stats.name if self.stats else self.at.name or "?"

    @property
    def address(self) -> str:
        """Where clients reach it; of one that we did not start, its admin server."""
        return self.at.address or self.at.admin

    @property
    def state(self) -> str:
        """`ready`, the phase in which it is not, or `unreachable`."""
        if self.stats is None:
            return "unreachable"
        return "ready" if self.stats.ready else self.stats.phase

    @property
    def order(self) -> tuple[Any, ...]:
        return numbered(f"{self.name} {self.at.admin}")

    def as_json(self) -> dict[str, Any]:
        """`/stats`, and what we know besides."""
        return {
            **(self.stats.model_dump() if self.stats else {"error": self.error}),
            "name": self.name,
            "address": self.at.address or None,
            "admin": self.at.admin,
            "state": self.state,
            "messages_per_second": None if self.rate is None else round(self.rate, 1),
        }


@dataclass(slots=True)
class Rates:
    """Messages a second, from one look to the next."""

    _last: dict[str, tuple[float, GatewayStats]] = field(default_factory=dict)

    def of(self, seen: Seen, now: float) -> Seen:
        """*seen* at the time *now* (seconds), with its rate since the last look."""
        if seen.stats is None:
            self._last.pop(seen.at.admin, None)
            return seen
        before = self._last.get(seen.at.admin)
        self._last[seen.at.admin] = now, seen.stats
        if before is None or before[0] >= now or before[1].messages > seen.stats.messages:
            return seen  # the first look, or it was restarted
        taken = seen.stats.messages - before[1].messages
        return replace(seen, rate=taken / (now - before[0]))
