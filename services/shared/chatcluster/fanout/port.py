"""What every fan-out mode promises."""

from __future__ import annotations

import enum
from collections.abc import AsyncIterator, Callable, Sequence, Set
from typing import Protocol

from chatcluster.core.envelope import Envelope, RoomKey
from chatcluster.core.request import Reply, Request


class State(enum.StrEnum):
    """What a fan-out says of itself in `/stats` and `chatcluster status`."""

    CLOSED = "closed"
    UP = "up"
    DOWN = "down"  # the carrier is gone; the fan-out is trying to reach it again


class Receiver(Protocol):
    """What a gateway hands to its fan-out. All are called on the event loop and must neither wait
    nor raise.
    """

    def deliver(self, envelopes: Sequence[Envelope]) -> None:
        """Envelopes arrived, those of each origin in its order."""

    def interrupted(self) -> None:
        """The carrier is back: what was published while it was gone may have been missed."""

    def answer(self, request: Request, reply: Callable[[Reply], None]) -> None:
        """Another gateway asks. *reply* may be called at once or later, until the timeout,
        any number of times; once with `last`, unless the request expects no answer.
        """


class Answers(Protocol):
    """The replies of the other gateways, as they come; ends when all have given their last one, or
    with the timeout.

    A gateway that goes away completes its answer by that: nobody waits for it. `missing` is, after
    the end, how many gateways were there and did not complete: the replies are then what could be
    had.
    """

    missing: int

    def __aiter__(self) -> AsyncIterator[Reply]: ...


def store_of(fanout: object) -> object | None:
    """The store of room logs to which *fanout* can append what it publishes in the same step, if
    there is one now: `publish` then takes `Unstored` envelopes too. Otherwise it leaves them out,
    as what was not sent.
    """
    return getattr(fanout, "store", None)


class Fanout(Protocol):
    """Carries envelopes between gateways, the publisher's own included.

    - An envelope is never delivered twice, and the envelopes of one origin for one room arrive in
      its order.
    - A gateway gets an envelope if, before it was published, `want` returned for any of the
      envelope's rooms; it may get others too, and ignores them.
    - The publisher gets its own envelope back from the carrier, so where the carrier orders (all
      modes but `isolated` do, for each room) all gateways see the same order.
    - Whether envelopes may be lost while the carrier is down is said by `durable`.
    - A carrier that goes is looked for again until `close`, with jittered delays below two seconds;
      what the gateway wants is then restored, and `Receiver.interrupted` called.
    """

    @property
    def mode(self) -> str: ...

    @property
    def durable(self) -> bool: ...

    @property
    def shared(self) -> bool:
        """False: envelopes do not leave this gateway."""

    @property
    def state(self) -> State: ...

    async def open(self, receiver: Receiver) -> None:
        """Return when envelopes can be published and received. Raises FanoutError if the carrier
        does not answer.
        """

    async def publish(self, envelopes: Sequence[Envelope]) -> None:
        """Return when the carrier has taken all of them, in this order; envelopes of later calls
        come after them, also when this call has not returned yet. Raises FanoutError if the carrier
        did not take them, and MalformedError if it never could: nothing was sent then.
        """

    async def want(self, rooms: Set[RoomKey]) -> None:
        """Return when envelopes for exactly these rooms come here; this set takes the place of the
        one before.

        Raises FanoutError while the carrier is down; the set is then what the gateway gets when it
        is back.
        """

    async def ask(self, request: Request, timeout: float) -> Answers:
        """Ask all other gateways (and other Socket.IO servers, where they take part). *timeout* in
        seconds. Raises FanoutError if the carrier did not take the question.
        """

    async def check(self) -> None:
        """Return when something sent through the carrier has come back to this gateway. Raises
        FanoutError, also when it takes longer than five seconds.
        """

    async def close(self) -> None:
        """Let go of the carrier; nothing is delivered afterwards. May be called in any state, more
        than once.
        """
