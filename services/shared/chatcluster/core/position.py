"""Where a message stands in its room's log."""

from __future__ import annotations

import re

import msgspec

from chatcluster.core.errors import MalformedError

_TEXT = re.compile(r"([0-9A-Za-z_]{1,32})-([0-9]{1,15})")


class Position(msgspec.Struct, frozen=True):
    """`offset` counts a room's messages from 1 without gaps; 0 is before the first.

    `epoch` names one life of the log: when the log is lost and begun anew it gets another epoch, so
    that an offset of the old one is never mistaken for one of the new one. (The idea and the words
    are Centrifugo's stream position.)
    """

    epoch: str
    offset: int

    def __str__(self) -> str:
        return f"{self.epoch}-{self.offset}"

    @classmethod
    def parse(cls, text: str) -> Position:
        """The inverse of `str`; offsets stay below 2**53, which JavaScript can count. Raises
        MalformedError.
        """
        match = _TEXT.fullmatch(text)
        if match is None:
            raise MalformedError(f"{text[:60]!r} is not a position (like 'k3x9-42')")
        return cls(match[1], int(match[2]))
