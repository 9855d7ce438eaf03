"""One hub, as a gateway sees it: connected again and again, kept informed, and watched."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Protocol

import structlog

from chatcluster.core.backoff import delays
from chatcluster.core.envelope import RoomKey
from chatcluster.core.errors import FanoutError, MalformedError
from chatcluster.fanout.hub.connection import Connection, Credentials, connected
from chatcluster.fanout.hub.dispatch import Dispatch
from chatcluster.fanout.hub.interest import Interest
from chatcluster.fanout.hub.parcel import Echo, encode_echo
from chatcluster.fanout.hub.protocol import Delta, Item, decode_batch
from chatcluster.fanout.hub.publisher import MARKS, Shipment

log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)

# Seconds.
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0
RESTORE_SECONDS = 5.0
TICK = 1.0

SILENT_TICKS = 3  # a hub that was asked at each of them and did not say a word is gone


class LinkOwner(Protocol):
    """Who has links. Called on the event loop; must neither wait nor raise."""

    def link_up(self, link: Link) -> None: ...

    def link_down(self, link: Link, tried: list[Shipment], untried: list[Shipment]) -> None:
        """With what the hub may have taken without saying so, and with what it never saw."""

    def link_arrived(self, link: Link, batch: Sequence[bytes]) -> None: ...

    def link_changed(self) -> None:
        """What is in force may have changed."""


class Link:
    """The hub at *url*. `run` is its life; between `link_up` and `link_down` it takes shipments."""

    def __init__(
        self,
        url: str,
        owner: LinkOwner,
        *,
        credentials: Credentials,
        instance: str,
        random: Callable[[], float],
    ) -> None:
        self.url = url
        self.up = False
        self.error: FanoutError | None = None  # why it is not up
        self.tried = asyncio.Event()  # the first attempt is over
        self._owner = owner
        self._credentials = credentials
        self._random = random
        self._mirror = Item("", (f"gateway {instance}",), b"")
        self._interest = Interest(frozenset({MARKS, *self._mirror.keys}))
        self._interest_changed = asyncio.Event()
        self._dispatch = Dispatch()
        self._work = asyncio.Event()
        self._hurry = asyncio.Event()
        self._heard = False
        self._connection: Connection | None = None
        self._echoes: dict[int, asyncio.Future[None]] = {}
        self._tokens = 0

    @property
    def in_force(self) -> bool:
        """Envelopes for exactly the rooms that are wanted here come from this hub."""
        return self.up and self._interest.in_force

    def sends_any(self, keys: Sequence[RoomKey]) -> bool:
        return self.up and self._interest.has_any(keys)

    def want(self, delta: Delta) -> None:
        self._interest.change(delta)
        self._interest_changed.set()

    def send(self, shipment: Shipment) -> None:
        self._dispatch.add(shipment)
        self._work.set()

    def hurry(self) -> None:
        """Do not wait any longer before the next attempt."""
        self._hurry.set()

    async def round_trip(self) -> None:
        """Return when something has come back from this hub. Raises FanoutError if it is gone."""
        if self._connection is None:
            raise FanoutError(f"hub {self.url} cannot be reached")
        back: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        await self._ask(self._connection, back)
        await back

    def echoed(self, echo: Echo) -> None:
        back = self._echoes.pop(echo.token, None)
        if back is not None and not back.done():
            back.set_result(None)

    async def run(self) -> None:
        """Stay connected, or try to, until cancelled."""
        pauses = delays(FIRST_PAUSE, LONGEST_PAUSE, self._random)
        while True:
            self._hurry.clear()
            if await self._attempt():
                pauses = delays(FIRST_PAUSE, LONGEST_PAUSE, self._random)
            with suppress(TimeoutError):
                async with asyncio.timeout(next(pauses)):
                    await self._hurry.wait()
                pauses = delays(FIRST_PAUSE, LONGEST_PAUSE, self._random)

    async def _attempt(self) -> bool:
        """Return when the hub is gone, and whether it was there."""
        try:
            async with connected(self.url, self._credentials, self._arrived) as connection:
                async with asyncio.timeout(RESTORE_SECONDS):
                    await self._tell(connection)
                self._begin(connection)
                await self._serve(connection)
        except TimeoutError:
            self._failed(FanoutError(f"hub {self.url} does not answer"))
        except FanoutError as error:
            self._failed(error)
        finally:
            was_up = self.up
            self._end()
            self.tried.set()
        return was_up

    def _begin(self, connection: Connection) -> None:
        self.up = True
        self.error = None
        self._connection = connection
        self.tried.set()
        log.info("hub_reached", hub=self.url)
        self._owner.link_up(self)

    def _failed(self, error: FanoutError) -> None:
        if self.error is None:  # once, and not for every attempt
            log.warning("hub_unreachable", hub=self.url, reason=str(error))
        self.error = error

    def _end(self) -> None:
        self._interest.forget()
        if not self.up:
            return
        self.up = False
        self._connection = None
        self._owner.link_down(self, *self._dispatch.clear())
        for back in self._echoes.values():
            if not back.done():
                back.set_exception(FanoutError(f"hub {self.url} is gone"))
        self._echoes.clear()

    async def _serve(self, connection: Connection) -> None:
        """Raises FanoutError when the connection is lost or the hub is silent."""
        loops = (self._ship, self._keep_telling, self._watch, self._until_lost)
        gone: BaseException | None = None
        try:
            async with asyncio.TaskGroup() as group:
                for loop in loops:
                    group.create_task(loop(connection))
        except* FanoutError as errors:
            gone = errors.exceptions[0]
        raise FanoutError(str(gone)) from gone

    async def _ship(self, connection: Connection) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            while (batch := self._dispatch.next_batch()) is not None:
                number, shipments = batch
                items = [shipment.item for shipment in shipments]
                await connection.publish(items, partial(self._taken, number))

    def _taken(self, number: int) -> None:
        self._heard = True
        self._dispatch.taken(number)
        self._work.set()

    async def _keep_telling(self, connection: Connection) -> None:
        while True:
            await self._interest_changed.wait()
            self._interest_changed.clear()
            await self._tell(connection)
            self._owner.link_changed()

    async def _tell(self, connection: Connection) -> None:
        """Return when the hub knows what is wanted."""
        while (delta := self._interest.next_change()) is not None:
            await connection.want(delta)
            self._heard = True
            self._interest.confirm()

    async def _watch(self, connection: Connection) -> None:
        """Count the ticks and not the time: a gateway that stood still heard nothing either."""
        silent = 0
        while silent < SILENT_TICKS:
            self._heard = False
            await self._ask(connection)
            await asyncio.sleep(TICK)
            silent = 0 if self._heard else silent + 1
        raise FanoutError(f"hub {self.url} is silent")

    async def _until_lost(self, connection: Connection) -> None:
        await connection.lost.wait()
        raise FanoutError(f"the connection to hub {self.url} is lost")

    async def _ask(self, connection: Connection, back: asyncio.Future[None] | None = None) -> None:
        """Send something that comes back, and let *back* know when it does."""
        self._tokens += 1
        if back is not None:
            self._echoes[self._tokens] = back
        item = self._mirror._replace(data=encode_echo(Echo(self._tokens)))
        await connection.publish([item], self._noticed)

    def _noticed(self) -> None:
        self._heard = True

    def _arrived(self, data: object) -> None:
        self._heard = True
        try:
            batch = decode_batch(data)
        except MalformedError as error:
            log.warning("hub_batch_malformed", hub=self.url, reason=str(error))
            return
        self._owner.link_arrived(self, batch)
