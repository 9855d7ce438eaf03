"""Storing a message in the step that publishes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from msgspec.structs import replace

from chatcluster.core.envelope import Envelope
from chatcluster.core.position import Position


class Row:
    """Messages of one sender that are to be stored in their order: once one was left out, those
    behind it are not to be stored before it is.
    """

    __slots__ = ("broken",)

    def __init__(self) -> None:
        self.broken = False


class Append:
    """How a room log stores one message, and what became of that.

    `place` stands for the position wherever the message says it, until the log has given one: as a
    position of the envelope, or as text that is a value of one of its arguments.
    """

    __slots__ = (
        "args",
        "ended",
        "keys",
        "place",
        "position",
        "reason",
        "repeated",
        "row",
        "sent",
        "server",
        "sha",
        "text",
    )

    def __init__(
        self,
        text: bytes,
        sha: bytes,
        keys: Sequence[bytes],
        args: Sequence[bytes],
        place: Position,
        server: object | None = None,
    ) -> None:
        self.server = server  # where that is, as `store_of` names it
        self.text = text
        self.sha = sha
        self.keys = keys
        self.args = args
        self.place = place
        self.sent = False  # while it is, nobody but the store knows whether it is stored
        self.position: Position | None = None  # once it is known
        self.repeated = False  # it was stored before, and is not published again
        self.reason = "the store did not answer"  # why there is no position, once it was sent
        self.ended: Callable[[Append], None] | None = None
        self.row: Row | None = None

    @property
    def may_be_sent(self) -> bool:
        return self.row is None or not self.row.broken

    def leave_out(self) -> None:
        """It is not sent, and so nothing behind it may be."""
        if self.row is not None:
            self.row.broken = True

    def end(self) -> None:
        """What could be known of it is known."""
        if self.ended is not None:
            self.ended(self)


class Unstored(Envelope, frozen=True):
    """An envelope whose position is known when it is published; see `Append`."""

    append: Append | None = None

    @classmethod
    def of(cls, envelope: Envelope, append: Append) -> Unstored:
        """*envelope*, which says `append.place`, with what is to be done first."""
        return cls(
            *(envelope.origin, envelope.sequence, envelope.namespace, envelope.action),
            *(envelope.rooms, envelope.exclude, envelope.event, envelope.args),
            position=envelope.position,
            flags=envelope.flags,
            append=append,
        )

    def stored(self) -> Envelope | None:
        """The envelope with its position; None if it has none, or was published before."""
        append = self.append
        if append is None or append.position is None or append.repeated:
            return None
        text, at = str(append.place), append.position
        args = tuple(_filled(arg, text, str(at)) for arg in self.args)
        return replace(self, args=args, position=at, append=None)


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
        elif type(envelope) is Unstored and (append := envelope.append) and not append.sent:
            append.leave_out()
    return known if len(known) != len(envelopes) else envelopes


def for_store(envelopes: Sequence[Envelope], server: object | None) -> Sequence[Envelope]:
    """*envelopes* for whom can store what belongs to *server*. Those that belong to another one are
    left out, as at a change from one Redis to another, and so are those behind one that was left
    out.
    """
    sent = []
    for envelope in envelopes:
        append = envelope.append if type(envelope) is Unstored else None
        if append is not None and append.server != server:
            append.leave_out()
        elif append is None or append.may_be_sent:
            sent.append(envelope)
    return sent if len(sent) != len(envelopes) else envelopes
