"""Storing a message in the step that publishes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from chatcluster.core.envelope import Envelope
from chatcluster.core.position import Position


class Append:
    """How a room log stores one message, and what became of that.

    `place` stands for the position wherever the message says it, until the log has given one: as a
    position of the envelope, or as text that is a value of one of its arguments.
    """

    __slots__ = ("args", "keys", "place", "position", "reason", "repeated", "sent", "sha", "text")

    def __init__(
        self,
        text: bytes,
        sha: bytes,
        keys: Sequence[bytes],
        args: Sequence[bytes],
        place: Position,
    ) -> None:
        self.text = text
        self.sha = sha
        self.keys = keys
        self.args = args
        self.place = place
        self.sent = False  # while it is, nobody but the store knows whether it is stored
        self.position: Position | None = None  # once it is known
        self.repeated = False  # it was stored before, and is not published again
        self.reason = "the store did not answer"  # why there is no position, once it was sent


class Unstored(Envelope, frozen=True):
    """An envelope whose position is known when it is published; see `Append`."""

    append: Append | None = None

    def stored(self) -> Envelope | None:
        """The envelope with its position; None if it has none, or was published before."""
        append = self.append
        if append is None or append.position is None or append.repeated:
            return None
        text, at = str(append.place), append.position
        args = tuple(_filled(arg, text, str(at)) for arg in self.args)
        return replace(self, args=args, position=at, append=None)


def envelope_of(append: Append | None, *parts: Any, **more: Any) -> Envelope:
    """One whose message is stored as *append* says, if that is given."""
    if append is None:
        return Envelope(*parts, **more)
    more["append"] = append
    return Unstored(*parts, **more)


def _filled(arg: Any, place: str, text: str) -> Any:
    if not isinstance(arg, dict):
        return arg
    return {name: text if value == place else value for name, value in arg.items()}


def without_unstored(envelopes: Sequence[Envelope]) -> Sequence[Envelope]:
    """*envelopes* for whom cannot store: those that have no position yet are left out."""
    known = []
    for envelope in envelopes:
        one = envelope.stored() if type(envelope) is Unstored else envelope
        if one is not None:
            known.append(one)
    return known if len(known) != len(envelopes) else envelopes
