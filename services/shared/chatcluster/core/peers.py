"""What one gateway knows of another, and how it reads what that one says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chatcluster.core.people import Person

BEATS = 3  # signs of life that may be missed, and beats for which a change is repeated


@dataclass(slots=True)
class Peer:
    """When another gateway was last heard, and its last sign of life (None: not yet heard).

    `owed`: the rooms that it was asked about and has not answered for, with our beat when it was.
    """

    heard: float
    beat: int | None = None
    owed: dict[str, int] = field(default_factory=dict)

    def lost(self, beat: int) -> bool:
        """It gave a sign of life. Were so many missed before that a change may be unknown here?"""
        last, self.beat = self.beat, beat
        return last is None or beat - last > BEATS


def table(value: Any) -> Mapping[str, Any]:
    """A mapping that came from outside. Raises TypeError for anything else."""
    if not isinstance(value, Mapping):
        raise TypeError(f"a mapping is expected, not {type(value).__name__}")
    return value


def parse_people(value: Iterable[Any]) -> list[Person]:
    """People as they travel. Raises TypeError or ValueError for what is none."""
    return [Person(str(id), str(nickname), str(dyno)) for id, nickname, dyno in value]
