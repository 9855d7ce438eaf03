"""Carries out what somebody who moderates the chat orders, on all gateways."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from chat_gateway.access.identity import Identity
from chat_gateway.limits.addresses import neighbourhood
from chat_gateway.manager.manager import FanoutManager
from chat_gateway.manager.membership import Socket
from chat_gateway.moderation import announcing
from chat_gateway.moderation.announcing import Kicked, Lifted, News
from chat_gateway.moderation.deleting import Deleting
from chat_gateway.moderation.enforcing import Enforcing
from chat_gateway.moderation.orders import (
    Author,
    Close,
    Delete,
    Kick,
    Member,
    OneOrder,
    Open,
    Pardon,
    Place,
    Restrict,
    User,
)
from chat_gateway.moderation.register import Register
from chat_gateway.moderation.whom import Whom
from chatcluster.core import codes
from chatcluster.core.counting import Tally
from chatcluster.core.deeds import Deed, Measure
from chatcluster.core.envelope import Envelope
from chatcluster.core.errors import FanoutError, HistoryError, MalformedError, Refused
from chatcluster.core.sanctions import Kind, Sanction
from chatcluster.history.port import ModerationStore
from chatcluster.runtime.logs import get_logger

LIFTING = {Measure.UNBAN: Kind.BAN, Measure.UNMUTE: Kind.MUTE, Measure.OPEN: Kind.CLOSE}
RESTRICTING = {Measure.BAN: Kind.BAN, Measure.MUTE: Kind.MUTE, Measure.CLOSE: Kind.CLOSE}

log = get_logger(__name__)

Find = Callable[[str], Awaitable[Whom | None]]


@dataclass(frozen=True, slots=True)
class Done:
    """`changed`: whether anything is otherwise than before."""

    deed: Deed
    changed: bool


class Moderation:
    """*find* looks for the member of that id on all gateways. *now*: seconds since 1970."""

    def __init__(
        self,
        manager: FanoutManager,
        store: ModerationStore,
        register: Register,
        enforcing: Enforcing,
        deleting: Deleting,
        *,
        gateway: str,
        find: Find,
        now: Callable[[], float],
    ) -> None:
        self.register = register
        self.done = Tally(Measure)
        self._manager = manager
        self._store = store
        self._enforcing = enforcing
        self._deleting = deleting
        self._gateway = gateway
        self._find = find
        self._now = now

    async def carry_out(self, order: OneOrder, by: str) -> Done:
        """Raises Refused for who or what is not there, and HistoryError and FanoutError: then it
        may have been done in part, and can be ordered again.
        """
        done = await self._do(order, self._begun(order, by))
        log.info("moderation", changed=done.changed, **done.deed.told())
        if done.changed:
            self.done.add(order.action)
            await self._keep(done.deed)
        return done

    def in_force(self) -> list[Sanction]:
        return self.register.sanctions.all(self._now())

    async def deeds(self, skip: int, limit: int) -> Sequence[Deed]:
        """The newest first. Raises HistoryError."""
        return await self._store.deeds(skip, limit)

    def hear(self, envelope: Envelope) -> None:
        """A signal came from another gateway."""
        try:
            news = announcing.heard(envelope.args)
        except MalformedError as error:
            log.warning("signal_malformed", origin=envelope.origin, error=str(error))
            return
        if isinstance(news, Kicked):
            self._kick(news)
        else:
            self.register.hear(news)

    def _begun(self, order: OneOrder, by: str) -> Deed:
        return Deed(
            measure=Measure(order.action),
            time=self._now(),
            by=by,
            gateway=self._gateway,
            room=order.room,
            reason=order.reason,
        )

    async def _do(self, order: OneOrder, deed: Deed) -> Done:
        match order:
            case Kick():
                return await self._kicking(order, deed)
            case Restrict() | Close():
                return await self._restricting(order, deed)
            case Pardon() | Open():
                return await self._lifting(order, deed)
            case Delete():
                return await self._take_back(order, deed)

    async def _kicking(self, order: Kick, deed: Deed) -> Done:
        whom = await self._whom(order.who)
        member = order.who.member if isinstance(order.who, Member) else ""
        only = ("", "") if member else (whom.user, whom.address)
        kicked = Kicked(
            user=only[0],
            address=only[1],
            member=member,
            room=order.room,
            reason=order.reason,
        )
        self._kick(kicked)
        await self._announce(kicked, needed=True)
        return Done(replace(_about(deed, whom), member=member), changed=True)

    async def _restricting(self, order: Restrict | Close, deed: Deed) -> Done:
        whom = Whom("", "") if isinstance(order, Close) else await self._whom(order.who)
        until = None if order.seconds is None else deed.time + order.seconds
        sanction = Sanction(
            kind=RESTRICTING[deed.measure],
            user=whom.user,
            address=whom.address,
            room=order.room,
            until=until,
            reason=order.reason,
            by=deed.by,
            made=deed.time,
        )
        await self.register.impose(sanction)
        await self._announce(sanction, needed=not self._store.shared)
        return Done(replace(_about(deed, whom), until=until), changed=True)

    async def _lifting(self, order: Pardon | Open, deed: Deed) -> Done:
        whom = Whom("", "") if isinstance(order, Open) else await self._whom(order.who)
        lifted = Lifted(
            kind=LIFTING[deed.measure], user=whom.user, address=whom.address, room=order.room
        )
        changed = await self.register.lift(lifted.against)
        await self._announce(lifted, needed=not self._store.shared)
        return Done(_about(deed, whom), changed=changed)

    async def _take_back(self, order: Delete, deed: Deed) -> Done:
        changed, author = await self._deleting.delete(order.room, order.message)
        return Done(replace(_about(deed, author), message=order.message), changed=changed)

    async def _whom(self, who: User | Place | Member | Author) -> Whom:
        """Raises Refused for a member or message that is not there, HistoryError."""
        match who:
            case User():
                return Whom(who.user, "")
            case Place():
                return Whom("", neighbourhood(who.address))
            case Member():
                if (whom := await self._find(who.member)) is not None:
                    return whom
                raise Refused(codes.UNKNOWN_MEMBER, "who.member: nobody who is here has this id")
            case Author():
                whom = await self._deleting.author(who.room, who.message)
                if whom.user:
                    return whom
                raise Refused(
                    codes.UNKNOWN_MEMBER, "who.message: no user is known to have written it"
                )

    def _kick(self, kicked: Kicked) -> None:
        reason = f": {kicked.reason}" if kicked.reason else ""
        where = "the chat" if kicked.room is None else "the room" if kicked.room else "the lobby"
        refused = Refused(codes.KICKED, f"you were put out of {where}{reason}")

        def meant(socket: Socket, identity: Identity) -> bool:
            if kicked.member:
                return self._enforcing.is_member(socket, kicked.member)
            if kicked.address:
                return neighbourhood(identity.address) == kicked.address
            return bool(kicked.user) and kicked.user == identity.user

        self._enforcing.kick(meant, kicked.room, refused)

    async def _announce(self, news: News, *, needed: bool) -> None:
        """Tell the other gateways. *needed*: nothing else would tell them, so raise FanoutError."""
        try:
            await self._manager.publish(announcing.signal(self._manager, news))
        except FanoutError as error:
            if needed:
                raise
            log.warning("moderation_not_announced", error=str(error))  # they look for themselves

    async def _keep(self, deed: Deed) -> None:
        try:
            await self._store.record(deed)
        except HistoryError as error:
            # It is done, and the log line before tells of it: whoever ordered it need not do so
            # again.
            log.error("deed_not_kept", error=str(error), **deed.told())


def _about(deed: Deed, whom: Whom) -> Deed:
    return replace(deed, user=whom.user, address=whom.address, nick=whom.nick)
