"""When a job that was not done is taken up again: decided without I/O."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

LONGEST = 60.0  # seconds between two attempts
MARGIN = 5.0  # seconds beyond the longest attempt until a worker counts as gone


@dataclass(frozen=True, slots=True)
class Pending:
    """A job that was given to *consumer* `idle` seconds ago, as its attempt number `attempts`."""

    id: str
    consumer: str
    idle: float
    attempts: int


@dataclass(frozen=True, slots=True)
class Patience:
    """*retry*: seconds before a second attempt; *timeout*: seconds of the longest one."""

    retry: float
    timeout: float

    def delay(self, attempts: int) -> float:
        """Seconds from the beginning of an attempt that failed until the next one: doubled each
        time."""
        return min(LONGEST, self.retry * 2.0 ** min(attempts - 1, 30))

    def due(
        self, pending: Iterable[Pending], *, consumer: str, running: Collection[str]
    ) -> Iterator[tuple[Pending, float]]:
        """What *consumer*, which is at the *running* jobs, may take, and the idle seconds by which
        that is so: if somebody else takes it first, they begin again.

        Its own when their delay is over; those of others when these must be gone, since they
        would have taken them up again themselves.
        """
        for one in pending:
            mine = one.consumer == consumer
            wait = self.delay(one.attempts) + (0.0 if mine else self.timeout + MARGIN)
            if one.idle >= wait and not (mine and one.id in running):
                yield one, wait
