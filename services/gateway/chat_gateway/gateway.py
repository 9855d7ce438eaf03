"""One gateway, put together."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from chat_gateway.access.gatekeeper import Gatekeeper
from chat_gateway.access.judging import Judge
from chat_gateway.chat.audience import LOBBY_ROOM, MESSAGES, ROOMS, Audience
from chat_gateway.chat.domain import LOBBY, Limits
from chat_gateway.chat.feeds import Feeds
from chat_gateway.chat.joining import Joining
from chat_gateway.chat.lobby import Lobby
from chat_gateway.chat.presence import EVENT as PRESENCE
from chat_gateway.chat.presence import Presence
from chat_gateway.chat.renewing import Renewing
from chat_gateway.chat.rooms import RoomList, RoomMessages
from chat_gateway.chat.service import ChatService
from chat_gateway.health import Health, Phase
from chat_gateway.incoming import Incoming
from chat_gateway.limits import configured
from chat_gateway.manager.cluster import Cluster
from chat_gateway.manager.encoding import encode_event
from chat_gateway.manager.gate import RENEW
from chat_gateway.manager.interest import Interest
from chat_gateway.manager.manager import FanoutManager
from chat_gateway.manager.membership import Socket
from chat_gateway.manager.server import ChatServer
from chat_gateway.moderation.opening import moderating
from chat_gateway.namespaces import accepts, register
from chat_gateway.stats import stats
from chatcluster.chat.job_log import JobLog
from chatcluster.chat.message import CHAT
from chatcluster.chat.people import PEOPLE
from chatcluster.chat.recording import Recording
from chatcluster.core.envelope import Action, RoomKey
from chatcluster.core.errors import HistoryError
from chatcluster.core.ids import short_id
from chatcluster.core.people import Signal
from chatcluster.core.switch import Switch
from chatcluster.fanout.outbox import Outbox
from chatcluster.fanout.port import Fanout
from chatcluster.fanout.switching import Switching
from chatcluster.history.metered import Metered
from chatcluster.history.opening import OpenedStore
from chatcluster.runtime.background import background
from chatcluster.runtime.settings import GatewaySettings

GATHER_SECONDS = 0.02  # for rooms that nobody waits for


def new_origin(name: str) -> str:
    """What other gateways know this one by: another one after every start."""
    return f"{name}.{short_id(os.urandom, 6)}"


class Gateway:
    """Everything between the sockets and the fan-out; `serving` opens it."""

    def __init__(
        self,
        settings: GatewaySettings,
        store: OpenedStore,
        outbox: Outbox,
        origin: str,
        *,
        numbers: Iterator[int] | None = None,
        jobs: JobLog | None = None,
        change: Switching | None = None,
        judge: Judge | None = None,
    ) -> None:
        fanout: Fanout = outbox if jobs is None else Recording(outbox, jobs)
        self.settings = settings
        self.outbox = outbox
        self.fanout = fanout
        self._change = change
        self.log = None if store.log is None else Metered(store.log)
        self.health = Health(fanout, self.log)
        self.started = time.monotonic()
        self._interest = Interest(GATHER_SECONDS)
        audience = Audience(self._interest)
        carrier = fanout if change is None else change  # asked for each message
        self.manager = FanoutManager(fanout, origin, audience.changed, numbers, audience.owned)
        self.cluster = Cluster(self.manager, fanout)
        self.service = ChatService(
            self.manager,
            store.directory,
            self.log,
            audience,
            dyno=settings.name,
            random_bytes=os.urandom,
            alone=lambda: not carrier.shared,
            jobs=jobs,
            log_messages=settings.log_messages,
        )
        joining = self._follow(audience)
        self.presence = Presence(
            origin,
            settings.presence_seconds,
            send=self._send_signal,
            tell=self._tell_presence,
            alone=self._alone,
        )
        self.cluster.on(PEOPLE, self.presence.describe)
        limits = Limits(text=settings.text_limit, name=settings.name_limit)
        self.lobby = Lobby(
            self.service,
            self.presence,
            joining,
            limits=limits,
            rooms_per_client=settings.rooms_per_client,
            random_bytes=os.urandom,
        )
        self.room_list = RoomList(self.service, limits, guarded=judge is not None)
        self.room_messages = RoomMessages(self.service, limits)
        self._gatekeeper = None if judge is None else self._guard(judge)
        self.server = ChatServer(
            self.manager,
            accepts=accepts,
            connected=self._connected,
            gate=self._gatekeeper,
            random_bytes=os.urandom,
            **configured.server(settings),
        )
        self.moderation = moderating(self, store.moderation)
        register(self.server, self.lobby, self.room_list, self.room_messages)

    def _follow(self, audience: Audience) -> Joining | None:
        if self.log is None:
            return None
        audience.feeds = Feeds(
            self.log,
            lambda room, at, message, had: self.service.out(room, str(at), message, had),
            subscribed=audience.subscribed,
            alone=self._alone,
            kept=self.settings.history_length,
        )
        if self._change is not None and self._change.switch.previous is not None:
            audience.feeds.apart = True  # perhaps the others were, until now
        return Joining(
            self.log,
            audience.feeds,
            recent=self.settings.recent,
            limit=self.settings.catch_up_limit,
            budget=self.settings.send_buffer // 2,
        )

    def _guard(self, judge: Judge) -> Gatekeeper:
        self.manager.counts.events.expect((RENEW,))
        renewing = Renewing(self.service, self.presence, self.lobby, self.room_list)
        return Gatekeeper(
            judge,
            self.manager.members,
            remind=self.settings.auth_expiring_seconds,
            renewed=renewing.renewed,
            identify=lambda session, user: self.server.flow.identify(session, user),
            now=time.time,
        )

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Carry envelopes while the body runs. Raises FanoutError if no carrier answers."""
        incoming = Incoming(
            *(self.service, self.presence, self.lobby, self.room_list),
            self.moderation,
            self.cluster.answering,
        )
        await self.fanout.open(incoming)
        try:
            async with background(
                interest=self._interest.keep(self.fanout.want),
                presence=self.presence.run(),
                signals=self.presence.talk(),
                beat=self.presence.beat(),
                rooms=self.room_list.keep_telling(),
                health=self.health.watch(),
                moderation=self.moderation.register.keep(),
                **({"sweep": self.service.feeds.sweep()} if self.service.feeds else {}),
            ):
                await self._listen()
                await self.moderation.register.begin()
                yield
        finally:
            if self.service.feeds is not None:
                await self.service.feeds.stop()
            await self.cluster.stop()
            await self.fanout.close()

    async def _listen(self) -> None:
        """Return when the lobby's messages and changes of the room list come here, for good:
        clients get them from the moment of connecting, the first one too.
        """
        rooms = RoomKey(ROOMS, "")
        self._interest.add(rooms)
        self.service.audience.hold(LOBBY)
        await self._interest.in_force(rooms)
        await self.service.audience.subscribed(LOBBY)
        if self.service.feeds is not None:
            with suppress(HistoryError):  # the feed tries on; health says what is wrong
                await self.service.feeds.started(LOBBY)

    def stats(self) -> dict[str, Any]:
        """What `/stats` answers."""
        return stats(self, self._change)

    @property
    def switch(self) -> Switch | None:
        """Where a change of the fan-out is."""
        return None if self._change is None else self._change.switch

    def ready(self) -> None:
        self.health.phase = Phase.READY

    def _alone(self) -> bool:
        """No other gateway's messages come here now."""
        return not (self.fanout.shared if self._change is None else self._change.joined)

    def _connected(self, socket: Socket) -> None:
        if self._gatekeeper is not None:
            self._gatekeeper.greet(socket)
        if socket.namespace == CHAT:
            self.lobby.connected(socket)
        elif socket.namespace.startswith(MESSAGES):
            self.room_messages.connected(socket)

    async def _send_signal(self, signal: Signal) -> None:
        room = signal.room or LOBBY
        envelope = self.manager.envelope(
            CHAT,
            Action.SIGNAL,
            rooms=(room,) if room else (),
            event=PRESENCE,
            args=(signal.kind, signal.body),
        )
        await self.manager.publish(envelope)

    def _tell_presence(self, room: str, event: dict[str, Any]) -> None:
        outgoing = encode_event(CHAT, PRESENCE, (event,))
        self.manager.emit_here(CHAT, outgoing, rooms=(room or LOBBY_ROOM,))
