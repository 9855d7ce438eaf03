"""The event `moderate` in `/`: orders of clients who have the right."""

from __future__ import annotations

from typing import Any

from chat_gateway.access.identity import Identity
from chat_gateway.chat import domain
from chat_gateway.chat.rights import Rights
from chat_gateway.moderation import orders
from chat_gateway.moderation.moderation import Moderation
from chat_gateway.moderation.orders import Author, OneOrder, Place
from chatcluster.core.errors import Refused
from chatcluster.runtime.logs import get_logger

MODERATE = "moderate"

log = get_logger(__name__)


class Moderating:
    def __init__(self, moderation: Moderation, rights: Rights) -> None:
        self._moderation = moderation
        self._rights = rights

    async def moderate(self, sid: str, args: tuple[Any, ...]) -> dict[str, Any]:
        """Raises Refused without the right in the order's room, HistoryError and FanoutError."""
        order = orders.read(domain.fields_of(args, MODERATE))
        try:
            identity = self._must(sid, order)
        except Refused as refused:
            code = refused.code.name
            log.warning("moderation_refused", measure=order.action, room=order.room, code=code)
            raise
        done = await self._moderation.carry_out(order, f"user/{identity.user}")
        told = done.deed.told()
        # An address is nobody's to see who has only the chat.
        told.pop("address", None)
        return {**told, "changed": done.changed}

    def _must(self, sid: str, order: OneOrder) -> Identity:
        """Who orders this. Raises Refused."""
        identity = self._rights.must_moderate(sid, _asked(order))
        if isinstance(who := _who(order), Author):
            # The answer tells who wrote it, which is nobody's to know who moderates other rooms.
            self._rights.must_moderate(sid, who.room)
        return identity


def _asked(order: OneOrder) -> str | None:
    """Where the right is needed: addresses have nothing to do with rooms."""
    return None if isinstance(_who(order), Place) else order.room


def _who(order: OneOrder) -> object:
    return getattr(order, "who", None)
