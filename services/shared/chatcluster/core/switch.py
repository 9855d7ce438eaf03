"""One gateway's part in a change of the fan-out: what it does when it is told something.

A change has an epoch, one more than any before it, and three steps that a controller drives over
all gateways: *prepare* (open the new fan-out beside the old), *commit* (publish on the new one) and
*finish* (close the old). Before the first commit it can be called off; afterwards it goes forward.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

_SECRET = ("url", "urls", "dsn", "routes", "token", "password")  # may hold one


class Step(enum.StrEnum):
    """What a controller may order."""

    PREPARE = "prepare"
    COMMIT = "commit"  # all are ready, nobody has committed yet
    FOLLOW = "follow"  # others have committed: whatever was said before, this goes forward
    FINISH = "finish"
    CALL_OFF = "call off"


# Such orders are only given once somebody has committed, so they bind those, too, who were told by
# another controller that the change was called off.
_AFTER_OTHERS = (Step.FOLLOW, Step.FINISH)


@dataclass(frozen=True, slots=True)
class Target:
    """A fan-out to use: its mode, and settings that differ from the program's own (by name)."""

    mode: str
    options: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        """For people and logs; of addresses, which may hold a password, only their names."""
        shown = ", ".join(
            f"{name}={'…' if name.endswith(_SECRET) else value}"
            for name, value in sorted(self.options.items())
        )
        return f"{self.mode} ({shown})" if shown else self.mode


@dataclass(frozen=True, slots=True)
class Order:
    """Do *step* of the change to *target* that has this *epoch*."""

    step: Step
    epoch: int
    target: Target


@dataclass(frozen=True, slots=True)
class Next:
    """What is opened beside the fan-out in force.

    `forward`: others publish there already, so this gateway does as soon as it can; `finish`: and
    closes the old one at once.
    """

    epoch: int
    target: Target
    ready: bool = False
    error: str = ""
    forward: bool = False
    finish: bool = False


@dataclass(frozen=True, slots=True)
class Previous:
    """What was in force before, and is still listened to."""

    epoch: int
    target: Target


class StaleError(Exception):
    """An order that came too late, or contradicts what this gateway was told before; says why."""


@dataclass(frozen=True, slots=True)
class Switch:
    """A gateway's state: it publishes on `target`, and listens to `next` and `previous` too.

    Never both: a change begins when the one before it is finished. All methods return the state
    afterwards, the same one when nothing is to be done: to say a thing again does no harm.
    """

    epoch: int
    target: Target
    next: Next | None = None
    previous: Previous | None = None
    called_off: int = 0  # the highest epoch that was called off: it does not come again

    def ordered(self, order: Order) -> Switch:
        """Raises StaleError, and then nothing changes."""
        if order.step is Step.CALL_OFF:
            return self._call_off(order)
        if order.epoch < self.epoch:
            raise StaleError(f"epoch {self.epoch} is in force here, after {order.epoch}")
        if order.epoch == self.epoch:
            return self._again(order)
        if order.epoch <= self.called_off and order.step not in _AFTER_OTHERS:
            raise StaleError(f"epoch {order.epoch} was called off")
        if self.previous is not None:
            if order.step is Step.PREPARE:
                raise StaleError(f"the change to epoch {self.epoch} is not finished")
            # Others have done so, or they could not be where they are.
            return replace(self, previous=None).ordered(order)
        return self._towards(order)

    def opened(self, epoch: int, target: Target) -> Switch:
        """*target*, if `next` names it still, is open and works."""
        if self.next is None or (self.next.epoch, self.next.target) != (epoch, target):
            return self
        return replace(self, next=replace(self.next, ready=True, error=""))

    def failed(self, epoch: int, target: Target, error: str) -> Switch:
        """*target*, if `next` names it still, does not work; *error* is for people."""
        if self.next is None or (self.next.epoch, self.next.target) != (epoch, target):
            return self
        return replace(self, next=replace(self.next, ready=False, error=error))

    @property
    def due(self) -> bool:
        """Whether `committed` is to be called now."""
        return self.next is not None and self.next.forward and self.next.ready

    def committed(self) -> Switch:
        """From now on this gateway publishes on what was `next`."""
        coming = self.next
        assert coming is not None, "nothing was prepared"
        previous = None if coming.finish else Previous(self.epoch, self.target)
        return Switch(coming.epoch, coming.target, previous=previous, called_off=self.called_off)

    def _again(self, order: Order) -> Switch:
        if order.target != self.target:
            raise StaleError(f"epoch {self.epoch} is {self.target} here")
        if order.step is Step.FINISH and self.previous is not None:
            return replace(self, previous=None)
        return self

    def _towards(self, order: Order) -> Switch:
        self._check(order)
        coming = self.next
        if coming is None or (coming.epoch, coming.target) != (order.epoch, order.target):
            coming = Next(order.epoch, order.target)
        if order.step is not Step.PREPARE:
            finish = coming.finish or order.step is Step.FINISH
            coming = replace(coming, forward=True, finish=finish)
        return self if coming == self.next else replace(self, next=coming)

    def _check(self, order: Order) -> None:
        """Raises StaleError where *order* contradicts what is prepared here."""
        coming = self.next
        if coming is None or (order.step in _AFTER_OTHERS and not coming.forward):
            return
        if coming.epoch > order.epoch:
            raise StaleError(f"epoch {coming.epoch} is prepared here, after {order.epoch}")
        if coming.epoch == order.epoch and coming.target != order.target:
            raise StaleError(f"epoch {coming.epoch} is {coming.target} here")
        if coming.epoch < order.epoch and coming.forward and order.step is Step.PREPARE:
            raise StaleError(f"epoch {coming.epoch} was committed by others")

    def _call_off(self, order: Order) -> Switch:
        if order.epoch <= self.epoch:
            raise StaleError(f"epoch {self.epoch} is in force here already")
        called_off = max(self.called_off, order.epoch)
        if self.next is None or self.next.epoch > order.epoch:
            return replace(self, called_off=called_off)
        if self.next.forward:
            raise StaleError(f"epoch {self.next.epoch} was committed by others")
        return replace(self, next=None, called_off=called_off)
