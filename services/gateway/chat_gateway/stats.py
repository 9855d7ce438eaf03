"""What a gateway's `/stats` answers."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import chatcluster
from chatcluster.fanout.switching import Switching, change_stats

if TYPE_CHECKING:
    from chat_gateway.gateway import Gateway


def stats(gateway: Gateway, change: Switching | None) -> dict[str, Any]:
    feeds = gateway.service.feeds
    return {
        "name": gateway.settings.name,
        "version": chatcluster.__version__,
        "mode": gateway.fanout.mode,
        "ready": not gateway.health.reasons(),
        "phase": str(gateway.health.phase),
        "connections": len(gateway.server.eio.sockets),
        "rooms": gateway.manager.members.room_count(),
        "messages": gateway.service.taken,
        "delivered": gateway.manager.delivered,
        "replayed": feeds.replays if feeds else 0,
        "fanout": {**gateway.outbox.stats(), **change_stats(change)},
        "history": {"kind": gateway.settings.history, "ok": gateway.health.history_ok},
        "uptime": round(time.monotonic() - gateway.started, 1),
    }
