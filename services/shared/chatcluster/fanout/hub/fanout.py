"""The hub mode's side of the port."""

from __future__ import annotations

import os
import random
from collections.abc import Mapping, Sequence, Set
from functools import partial

from chatcluster.core.envelope import Envelope, RoomKey
from chatcluster.core.errors import FanoutError
from chatcluster.core.ids import short_id
from chatcluster.fanout.hub.connection import Credentials
from chatcluster.fanout.hub.hubs import Hubs
from chatcluster.fanout.hub.link import Link
from chatcluster.fanout.hub.session import Session
from chatcluster.fanout.port import Receiver, State


class HubFanout:
    """Every gateway is a Socket.IO client of all hubs; each room belongs to one of them.

    Hubs are those at *urls* and those of *routes*, which are for the namespaces that a pattern
    (`/room`, `/messages/*`) names. Those at *urls* stand in for them, and the other way round when
    there is nobody else. All gateways must be given the same hubs and patterns, in any order. What
    is promised beyond the port:

    - A hub's death moves only its own rooms, each to the next hub of the room's order. What the hub
      had not acknowledged is sent by the next one, without the caller noticing; receivers drop what
      the dead one had still passed on. Only when no hub is left does `publish` raise.
    - The order of one origin in a room survives a move, unless a hub lags behind another for more
      than a second. It also holds for envelopes whose rooms belong to different hubs, unless they
      are under way when one of these hubs dies: then what that hub had not acknowledged may come
      behind them.
    - All gateways see the same order in a room, except for what is published while the room moves,
      and except for envelopes whose rooms belong to different hubs.

    What can be lost, and then `Receiver.interrupted` is called:

    - What a hub had acknowledged and not yet passed on when it died.
    - What is published before a receiver has reached a hub that all others have reached again. They
      wait for it for two seconds.
    - What comes while a receiver is cut off from a hub that others can reach, or was disconnected
      because it read too slowly.

    An envelope with the flag `once` is delivered once in ten minutes of all that have the same
    text there, whoever published them.

    A publisher that is cut off from two hubs at once, both of which a receiver can reach, is not
    heard there, and nobody notices.
    """

    mode = "hub"
    durable = False
    shared = True

    def __init__(
        self,
        urls: Sequence[str],
        *,
        gateway: str,
        routes: Mapping[str, Sequence[str]] | None = None,
        token: str = "",
        hub: bool = False,
    ) -> None:
        """*gateway* (a name) and *token* are shown to the hubs; *hub*: the gateway is one of them.

        Raises ValueError without hubs, and for an address or a pattern that is none.
        """
        self._hubs = Hubs.of(urls, routes)
        credentials = Credentials(gateway, token, self._hubs.digest, hub)
        self._link = partial(Link, credentials=credentials, random=random.random)
        self._session: Session | None = None

    @property
    def state(self) -> State:
        if self._session is None:
            return State.CLOSED
        return State.UP if self._session.up else State.DOWN

    async def open(self, receiver: Receiver) -> None:
        """One hub that answers is enough; the others are looked for again like any that is lost."""
        await self.close()
        # Not the gateway's name: two gateways that were given the same one must not get each
        # other's echoes.
        link = partial(self._link, instance=short_id(os.urandom))
        session = Session(self._hubs, receiver, link)
        self._session = session
        try:
            await session.open()
        except BaseException:
            await self.close()
            raise

    async def publish(self, envelopes: Sequence[Envelope]) -> None:
        await self._open().publish(envelopes)

    async def want(self, rooms: Set[RoomKey]) -> None:
        await self._open().want(rooms)

    async def check(self) -> None:
        """Every hub that this gateway believes to reach must answer."""
        await self._open().check()

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _open(self) -> Session:
        if self._session is None:
            raise FanoutError("the hub fan-out is closed")
        return self._session
