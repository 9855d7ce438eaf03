"""How events reach their handlers: by name, with unknown ones refused."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from chatcluster.core import codes
from chatcluster.core.errors import Refused

# (socket id, arguments) -> acknowledgement
EventHandler = Callable[[str, tuple[Any, ...]], Awaitable[dict[str, Any]]]


async def dispatch(
    handlers: Mapping[str, EventHandler], event: str, sid: str, args: tuple[Any, ...]
) -> dict[str, Any]:
    """Raises Refused for an event that the namespace does not have."""
    handler = handlers.get(event)
    if handler is None:
        known = ", ".join(sorted(handlers))
        raise Refused(codes.UNKNOWN_EVENT, f"no event {event[:60]!r} here; there are: {known}")
    return await handler(sid, args)
