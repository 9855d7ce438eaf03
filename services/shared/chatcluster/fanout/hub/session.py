"""The hub mode between `open` and `close`: links to all hubs, and what is decided over them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence, Set
from contextlib import suppress

import structlog

from chatcluster.connections.ending import end
from chatcluster.core.envelope import Envelope, RoomKey
from chatcluster.core.errors import FanoutError, MalformedError
from chatcluster.core.recent import Recent
from chatcluster.fanout.hub.hubs import Hubs
from chatcluster.fanout.hub.link import Link, LinkOwner
from chatcluster.fanout.hub.merge import Merge
from chatcluster.fanout.hub.parcel import Echo, decode
from chatcluster.fanout.hub.protocol import GRACE, ONCE, Delta
from chatcluster.fanout.hub.publisher import Publisher, Receipt, Shipment
from chatcluster.fanout.hub.reach import Reach
from chatcluster.fanout.hub.routes import Placement
from chatcluster.fanout.port import Receiver

log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)

# Seconds.
PATIENCE = 1.0  # of one hub with another one, over the order of an origin
CALM = 2.0  # without a change of the hubs that are up
CHECK_SECONDS = 4.5

# How long, and how many, names of envelopes that are asked for again are remembered.
ONCE_SECONDS, ONCE_NAMES = 600.0, 65_536


class Session:
    """One session; it is not opened again after `close`."""

    def __init__(
        self,
        hubs: Hubs,
        receiver: Receiver,
        link: Callable[[str, LinkOwner], Link],
    ) -> None:
        self._receiver = receiver
        self._links = {hub: link(hub, self) for hub in sorted(hubs.all)}
        self._reach = Reach(GRACE)
        self._placement = Placement(hubs)
        self._publisher = Publisher(hubs, lambda hub, shipment: self._links[hub].send(shipment))
        self._merge = Merge(
            hubs.all, lambda hub, keys: self._links[hub].sends_any(keys), patience=PATIENCE
        )
        self._once: Recent[bool] = Recent(ONCE_SECONDS, ONCE_NAMES)
        self._usable: frozenset[str] = frozenset()
        self._closed = False
        self._progress = asyncio.Event()
        self._shaken = asyncio.Event()  # other hubs are up than before
        self._settling: asyncio.TimerHandle | None = None
        self._merging: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def up(self) -> bool:
        return bool(self._reach.up)

    async def open(self) -> None:
        """Return when each hub was tried once. Raises FanoutError if none was reached."""
        for link in self._links.values():
            self._start(link.run(), f"hub {link.url}")
        for link in self._links.values():
            await link.tried.wait()
        if not self.up:
            raise FanoutError("no hub can be reached") from self._error()
        self._reach.settle_all()
        self._follow()
        self._shaken.clear()
        self._start(self._tell_of_interruptions(), "interruptions")

    async def publish(self, envelopes: Sequence[Envelope]) -> None:
        receipt = Receipt()
        self._publisher.publish(envelopes, receipt)
        await receipt.sealed()

    async def want(self, rooms: Set[RoomKey]) -> None:
        self._place(self._placement.want(rooms))
        await self._in_force()

    async def check(self) -> None:
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                await self._round_trips()
        except TimeoutError as error:
            raise FanoutError(f"a hub did not answer in {CHECK_SECONDS} seconds") from error

    async def close(self) -> None:
        self._closed = True
        self._publisher.use(frozenset(), frozenset())  # so what waits for a hub is refused
        for timer in (self._settling, self._merging):
            if timer is not None:
                timer.cancel()
        await end(self._tasks)

    # What links say.

    def link_up(self, link: Link) -> None:
        alone = not self.up
        self._reach.found(link.url, self._loop.time())
        if alone:
            # All were gone: what brought this one back may have brought the others.
            for other in self._links.values():
                other.hurry()
        self._shaken.set()
        self._follow()

    def link_down(self, link: Link, tried: list[Shipment], untried: list[Shipment]) -> None:
        self._reach.lost(link.url)
        self._shaken.set()
        self._follow()
        self._publisher.resend(link.url, tried, tried=True)
        self._publisher.resend(link.url, untried, tried=False)
        self._deliver(self._merge.look_again(self._loop.time()))

    def link_changed(self) -> None:
        self._progress.set()
        self._progress = asyncio.Event()

    def link_arrived(self, link: Link, batch: Sequence[bytes]) -> None:
        envelopes: list[Envelope] = []
        now = self._loop.time()
        for data in batch:
            try:
                parcel = decode(data)
            except MalformedError as error:
                log.warning("parcel_malformed", hub=link.url, reason=str(error))
                continue
            if isinstance(parcel, Echo):
                link.echoed(parcel)
            else:
                envelopes += self._merge.arrive(link.url, parcel, now)
        self._deliver(envelopes)

    # What follows from it.

    def _deliver(self, envelopes: Sequence[Envelope]) -> None:
        fresh = [envelope for envelope in envelopes if not self._came_before(envelope)]
        if fresh and not self._closed:
            self._receiver.deliver(fresh)
        at = self._merge.next_at()
        if at is not None and self._merging is None and not self._closed:
            self._merging = self._loop.call_at(at, self._look_again)

    def _came_before(self, envelope: Envelope) -> bool:
        """Whether it is a repeat that a hub could not know of: the request came to another one."""
        name = envelope.flags.get(ONCE)
        if not isinstance(name, str):
            return False
        now = self._loop.time()
        before = self._once.get(name, now) is not None
        if not before:
            self._once.put(name, True, now)
        return before

    def _look_again(self) -> None:
        self._merging = None
        self._deliver(self._merge.look_again(self._loop.time()))

    def _follow(self) -> None:
        """Make rooms and publishing follow the hubs that can be used now."""
        usable = self._reach.usable
        if usable != self._usable and not self._closed:
            self._usable = usable
            self._publisher.use(usable, self._reach.up)
            self._place(self._placement.use(usable))
        if self._settling is not None:
            self._settling.cancel()
            self._settling = None
        if (at := self._reach.next_at()) is not None and not self._closed:
            self._settling = self._loop.call_at(at, self._settle)
        self.link_changed()

    def _settle(self) -> None:
        self._reach.settle(self._loop.time())
        self._follow()

    def _place(self, deltas: Mapping[str, Delta]) -> None:
        for hub, delta in deltas.items():
            self._links[hub].want(delta)

    async def _in_force(self) -> None:
        """Return when what is wanted is in force at every hub that is up."""
        while not all(self._links[hub].in_force for hub in self._reach_or_raise()):
            await self._progress.wait()

    async def _round_trips(self) -> None:
        """Return when something came back through every hub that is up."""
        links = [self._links[hub] for hub in self._reach_or_raise()]
        trips = await asyncio.gather(*(link.round_trip() for link in links), return_exceptions=True)
        for problem in trips:
            if problem is not None:
                raise problem

    def _reach_or_raise(self) -> frozenset[str]:
        if self._closed:
            raise FanoutError("the hub fan-out is closed")
        if not self.up:
            raise FanoutError("no hub can be reached") from self._error()
        return self._reach.up

    async def _tell_of_interruptions(self) -> None:
        """Once for hubs that go or return together, and only when everything is in force again."""
        while True:
            await self._shaken.wait()
            self._shaken.clear()
            if self._reach.up != self._links.keys():
                with suppress(TimeoutError):
                    async with asyncio.timeout(CALM):
                        await self._shaken.wait()
                    continue
            with suppress(FanoutError):  # one that was up is gone, which shakes again
                await self._in_force()
                await self._round_trips()
                if not self._shaken.is_set():
                    self._receiver.interrupted()

    def _start(self, work: Coroutine[None, None, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(_ended)
        self._tasks.append(task)

    def _error(self) -> FanoutError | None:
        return next((link.error for link in self._links.values() if link.error), None)


def _ended(task: asyncio.Task[None]) -> None:
    """These end only by being cancelled; whatever else happens must not stay unseen."""
    if not task.cancelled():
        log.critical("hub_task_ended", task=task.get_name(), exc_info=task.exception())
