"""Envelopes as rows of the table, and back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from chatcluster.core.envelope import Action, Envelope, RoomKey
from chatcluster.core.errors import MalformedError
from chatcluster.fanout import wire

SQL_ORIGIN = "sql"  # of what was inserted by hand


@dataclass(frozen=True, slots=True)
class OutRow:
    """The columns that a gateway fills. All but `body` are for people, and for choosing rows."""

    namespace: str
    rooms: str  # an array literal
    event: str
    origin: str
    sequence: int
    body: bytes

    @property
    def weight(self) -> int:
        """About how many bytes the server is sent for it."""
        return 200 + len(self.rooms) + len(self.body)


@dataclass(frozen=True, slots=True)
class InRow:
    """A row as it was read; `complete` is False while its contents were left out for their size."""

    id: int
    namespace: str
    rooms: Sequence[str]
    exclude: Sequence[str]
    event: str
    size: int
    complete: bool
    body: bytes | None
    args: str | None  # JSON

    def wanted(self, rooms: Set[RoomKey]) -> bool:
        """*rooms* as `stored` has them."""
        if not self.rooms:
            return RoomKey(self.namespace, "") in rooms
        return any(RoomKey(self.namespace, room) in rooms for room in self.rooms)


def stored(key: RoomKey) -> RoomKey:
    """A room as the table names it. Two rooms may get one name: what is chosen by it has to be
    checked again."""
    return RoomKey(_text(key.namespace), _text(key.room))


def encode(envelope: Envelope) -> OutRow:
    """Raises MalformedError for arguments that cannot be sent."""
    quoted = (room.replace("\\", "\\\\").replace('"', '\\"') for room in envelope.rooms)
    return OutRow(
        namespace=_text(envelope.namespace),
        rooms=_text("{" + ",".join(f'"{room}"' for room in quoted) + "}"),
        event=_text(envelope.event),
        origin=_text(envelope.origin),
        sequence=envelope.sequence,
        body=wire.encode(envelope),
    )


def read(row: Mapping[str, Any], small: int) -> InRow:
    """A row of the function `…_read`, which was told *small*."""
    return InRow(
        id=row["id"],
        namespace=row["namespace"],
        rooms=row["rooms"],
        exclude=row["exclude"],
        event=row["event"] or "",
        size=row["size"],
        complete=row["size"] <= small,
        body=row["body"],
        args=row["args"],
    )


def decode(row: InRow, sequences: Iterator[int]) -> Envelope:
    """A complete row's envelope; one that was inserted by hand takes the next of *sequences*.
    Raises MalformedError for contents that cannot be read."""
    if row.body is not None:
        return wire.decode(row.body)
    return Envelope(
        origin=SQL_ORIGIN,
        sequence=next(sequences),
        namespace=row.namespace,
        action=Action.EMIT,
        rooms=tuple(row.rooms),
        exclude=tuple(row.exclude),
        event=row.event,
        args=_arguments(row.args),
    )


def _arguments(text: str | None) -> tuple[Any, ...]:
    if text is None:
        return ()
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:  # Postgres takes longer numbers, and nests deeper
        raise MalformedError(f"arguments that cannot be read: {error}") from error
    return tuple(value) if isinstance(value, list) else (value,)


def _text(text: str) -> str:
    # Postgres stores every character but this one.
    return text.replace("\x00", "\ufffd")
