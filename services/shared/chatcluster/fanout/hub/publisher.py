"""Which hubs an envelope goes to, and what becomes of it when one of them dies."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass, replace

from chatcluster.core.envelope import Envelope, RoomKey
from chatcluster.core.errors import FanoutError, MalformedError
from chatcluster.fanout.hub.hubs import Hubs
from chatcluster.fanout.hub.parcel import Leg, Mark, encode_carried, encode_mark
from chatcluster.fanout.hub.protocol import DATA_BYTES, Item
from chatcluster.fanout.hub.routes import target
from chatcluster.fanout.wire import encode

MARKS = RoomKey("", "marks")  # wanted by every gateway; no namespace of Socket.IO is called ""


class Receipt:
    """Becomes done when hubs have taken every shipment of one publish call, or one was refused."""

    def __init__(self) -> None:
        self._open = 1  # one more than there are shipments, until `sealed`
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def expect(self) -> None:
        self._open += 1

    def taken(self) -> None:
        self._open -= 1
        if not self._open and not self._done.done():
            self._done.set_result(None)

    def refused(self, error: FanoutError) -> None:
        if not self._done.done():
            self._done.set_exception(error)

    async def sealed(self) -> None:
        """Nothing more is to be expected; return when everything was taken. Raises FanoutError."""
        self.taken()
        await self._done


@dataclass(frozen=True, slots=True, eq=False)
class Letter:
    """An envelope on its way, with what it takes to send it by other hubs than was meant."""

    envelope: bytes
    receipt: Receipt
    spread: bool = False  # copies of it go through several hubs, or did before
    again: frozenset[str] = frozenset()  # hubs that may have taken it before


@dataclass(frozen=True, slots=True, eq=False)
class Shipment:
    """An item for one hub; without a letter nobody misses it."""

    item: Item
    letter: Letter | None = None

    def taken(self) -> None:
        if self.letter is not None:
            self.letter.receipt.taken()


class Publisher:
    """Sends envelopes by the hubs that their rooms belong to; *send* takes a hub and a shipment.

    Everything is handed to *send* at once, so the order of the calls is the order at each hub.
    """

    def __init__(self, hubs: Hubs, send: Callable[[str, Shipment], None]) -> None:
        self._hubs = hubs
        self._send = send
        self._usable: Set[str] = frozenset()
        self._sent: dict[str, int] = {}  # highest sequence by origin
        self._marks = 0

    def publish(self, envelopes: Sequence[Envelope], receipt: Receipt) -> None:
        """Raises FanoutError or MalformedError, and has then sent nothing."""
        if not self._usable:
            raise FanoutError("no hub can be reached")
        encoded = [encode(envelope) for envelope in envelopes]
        if max(map(len, encoded), default=0) > DATA_BYTES:
            raise MalformedError(f"an envelope is larger than {DATA_BYTES} bytes")
        for envelope, data in zip(envelopes, encoded, strict=True):
            highest = self._sent.get(envelope.origin, 0)
            self._sent[envelope.origin] = max(highest, envelope.sequence)
            # The caller tries again: any hub may have taken it the first time.
            again = self._hubs.all if envelope.sequence <= highest else frozenset()
            self._ship(envelope.keys, Letter(data, receipt, again=again))

    def use(self, usable: Set[str], up: Set[str]) -> None:
        """From now on publish by *usable*, which are among *up*, and mark the change at them all.

        Hubs that are no longer up are named too: a receiver waits for what still comes through them
        until it has noticed for itself.
        """
        legs = [Leg(hub, *_room(MARKS)) for hub in sorted(up | (self._usable - up))]
        self._usable = usable
        if len(legs) < 2:
            return
        self._marks += 1
        for origin in self._sent:
            data = encode_mark(Mark(origin, self._marks, tuple(legs)))
            for hub in up:
                self._send(hub, Shipment(Item(*_room(MARKS), data)))

    def resend(self, hub: str, shipments: Iterable[Shipment], *, tried: bool) -> None:
        """Send by other hubs what *hub* has not acknowledged; *tried*: it may have taken it."""
        for shipment in shipments:
            letter = shipment.letter
            if letter is None:
                continue
            if not self._usable:
                letter.receipt.refused(FanoutError("no hub can be reached"))
                continue
            again = letter.again | {hub} if tried else letter.again
            self._ship(shipment.item.keys, replace(letter, again=again))
            letter.receipt.taken()  # in its place, those that were just sent are expected

    def _ship(self, keys: Iterable[RoomKey], letter: Letter) -> None:
        """Send a copy by each hub of these rooms, which are of one namespace."""
        rooms: dict[str, dict[str, None]] = {}
        namespace = ""
        for key in keys:
            hub = target(key, self._hubs, self._usable)
            assert hub is not None, "some hub is usable"
            namespace = key.namespace
            rooms.setdefault(hub, {})[key.room] = None
        letter = replace(letter, spread=letter.spread or len(rooms) > 1)
        legs = [Leg(hub, namespace, tuple(names)) for hub, names in rooms.items()]
        data = encode_carried(letter.envelope, legs if letter.spread else (), sorted(letter.again))
        for leg in legs:
            letter.receipt.expect()
            self._send(leg.hub, Shipment(Item(namespace, leg.rooms, data), letter))


def _room(key: RoomKey) -> tuple[str, tuple[str, ...]]:
    return key.namespace, (key.room,)
