"""A gateway's moderation, put together."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import msgspec

from chat_gateway.access.identity import Identity
from chat_gateway.limits.addresses import neighbourhood
from chat_gateway.moderation.deleting import Deleting
from chat_gateway.moderation.enforcing import Enforcing
from chat_gateway.moderation.events import MODERATE, Moderating
from chat_gateway.moderation.moderation import Moderation
from chat_gateway.moderation.register import Register
from chat_gateway.moderation.whom import Whom
from chatcluster.chat.message import CHAT
from chatcluster.core.errors import FanoutError, HistoryError
from chatcluster.core.request import Question, Request
from chatcluster.core.sanctions import Sanction
from chatcluster.fanout.port import Fanout
from chatcluster.history.port import ModerationStore

if TYPE_CHECKING:
    from chat_gateway.gateway import Gateway

# Server-side events, which gateways answer.
WHO = "chatcluster who"
SANCTIONS = "chatcluster sanctions"
ANSWER_SECONDS = 2.0


def moderating(gateway: Gateway, store: ModerationStore) -> Moderation:
    """What *gateway*, whose other parts are there, has of it."""
    service, fanout = gateway.service, gateway.fanout
    enforcing = Enforcing(gateway.manager.members, gateway.lobby, gateway.server)
    sanctions = service.rights.sanctions

    async def find(member: str) -> Whom | None:
        if (here := enforcing.member(member)) is not None:
            return whom(*here)
        found = [_known(value) for value in await _ask(fanout, WHO, member)]
        return next((one for one in found if one is not None), None)

    async def others() -> Sequence[Sanction]:
        lists = await _ask(fanout, SANCTIONS)
        return [one for given in lists for one in _sanctions(given)]

    def who(member: str) -> dict[str, str] | None:
        here = enforcing.member(member)
        return None if here is None else whom(*here)._asdict()

    register = Register(store, sanctions, enforcing, others=others, now=time.time)
    moderation = Moderation(
        gateway.manager,
        store,
        register,
        enforcing,
        Deleting(service),
        gateway=gateway.settings.name,
        find=find,
        now=time.time,
    )
    gateway.cluster.on(WHO, who)
    gateway.cluster.on(SANCTIONS, lambda: [asdict(one) for one in sanctions.all(time.time())])
    gateway.lobby.handlers[MODERATE] = Moderating(moderation, service.rights).moderate
    return moderation


def whom(identity: Identity, nick: str) -> Whom:
    """By the user, if that is known: addresses are shared, and change."""
    return Whom(identity.user, "" if identity.user else neighbourhood(identity.address), nick)


async def _ask(fanout: Fanout, event: str, *args: Any) -> list[Any]:
    """What the other gateways answer. Raises HistoryError if they cannot be asked."""
    request = Request(Question.SERVER, CHAT, event=event, args=args, timeout=ANSWER_SECONDS)
    try:
        answers = await fanout.ask(request, ANSWER_SECONDS)
        return [value async for reply in answers for value in reply.values]
    except FanoutError as error:
        raise HistoryError(f"the other gateways cannot be asked ({error})") from error


def _known(value: Any) -> Whom | None:
    """None, for what another server answered."""
    match value:
        case {"user": str(user), "address": str(address), **rest} if user or address:
            return Whom(user, address, str(rest.get("nick", "")))
    return None


def _sanctions(given: Any) -> list[Sanction]:
    found = []
    for one in given if isinstance(given, list) else []:
        if isinstance(one, Mapping):
            try:
                found.append(msgspec.convert(one, Sanction))
            except msgspec.ValidationError:
                continue
    return found
