"""What every store of room logs and rooms promises."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from chatcluster.core.append import Append
from chatcluster.core.deeds import Deed
from chatcluster.core.position import Position
from chatcluster.core.sanctions import Sanction

DEEDS = 10_000  # that are kept
ENDED_SECONDS = 3600.0  # after which a sanction that has ended may be forgotten


@dataclass(frozen=True, slots=True)
class Entry:
    """One stored message; `body` is the bytes that `append` was given."""

    position: Position
    body: bytes


@dataclass(frozen=True, slots=True)
class Slice:
    """Part of a log, oldest entry first, and where the log's last message stood when it was read.

    `complete`, from `since`: no message between the position asked for and the last of `entries` is
    missing, and the first of them follows it directly. From `before`: the slice begins with the
    oldest message that the log still has.
    """

    entries: tuple[Entry, ...]
    head: Position
    complete: bool


@dataclass(frozen=True, slots=True)
class Appended:
    """`repeated`: a message with this key was stored before, at `position`; nothing is stored."""

    position: Position
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Retention:
    """How much a log keeps: at most `length` messages of a room, none older than `age` seconds.

    `key_age`: seconds for which an idempotency key is remembered.
    """

    length: int = 1000
    age: float = 86_400.0
    key_age: float = 300.0


class RoomLog(Protocol):
    """Numbers and keeps the messages of each room.

    - `append` gives the next offset of the room and stores the message in one atomic step: offsets
      have no gaps, two messages never share one, and whatever `append` returned can be read until
      the retention takes it.
    - An entry never changes, but for `redact`, which takes its body and leaves its place.
    - A log that was lost (a restarted memory, a flushed Redis) begins again under another epoch.
    - Every method raises HistoryError when the store does not answer or refuses; then nothing is
      known of an append.
    """

    shared: bool  # False: other gateways do not see this log

    async def open(self) -> None:
        """Return when the store answers."""

    def append(self, room: str, body: bytes, *, key: str | None = None) -> Awaitable[Appended]:
        """Store *body* as the room's next message, unless one with the same idempotency *key* was
        stored lately. Messages are stored in the order of the calls where what is returned is a
        future; it is then on its way at once.
        """

    async def since(self, room: str, after: Position, limit: int) -> Slice:
        """The first *limit* messages after *after*. What retention took, another epoch, or an
        offset that the log has not reached yet makes the slice incomplete; it then holds the newest
        *limit* messages instead.
        """

    async def before(self, room: str, before: Position | None, limit: int) -> Slice:
        """The last *limit* messages before *before* (None: the newest). A position of another epoch
        finds none.
        """

    async def head(self, room: str) -> Position:
        """Where the room's last message stands. A room without messages is at offset 0 of an epoch
        that its first message will have.
        """

    async def heads(self, rooms: Sequence[str]) -> Mapping[str, Position]:
        """`head` of several rooms in one round trip; rooms without a log are left out."""

    async def redact(self, room: str, at: Position, body: bytes) -> bool:
        """Keep *body* in place of the message at *at*; what it was before can not be read any more.
        False if the log does not have the message.
        """

    async def redacted(self, room: str, until: Position) -> Sequence[Position]:
        """The messages up to *until* that were redacted, oldest first, as far as the log has them;
        there may be some that retention took. Of another epoch there are none.
        """

    async def drop(self, room: str) -> None:
        """Forget the room's messages; a later `append` begins another epoch."""

    async def check(self) -> None:
        """Return when the store can take a message now."""

    async def close(self) -> None: ...


@runtime_checkable
class JointLog(RoomLog, Protocol):
    """One whose messages can be stored in the step that publishes them."""

    server: object | None  # where; None where a log and a fan-out cannot share it

    def appending(self, room: str, body: bytes, *, key: str | None, place: Position) -> Append:
        """What a fan-out with this `server` for its store needs to do what `append` does."""


@runtime_checkable
class RestorableLog(RoomLog, Protocol):
    """One whose server can be put back to an older copy of what it held."""

    async def renew(self) -> int:
        """Give every room another epoch, and return how many rooms there are. Messages stay, with
        their offsets, and so does what was redacted; idempotency keys are still honoured. Positions
        that anybody was told before are of another epoch, as are those of messages that came after
        the copy was made: their offsets will be given again. Each room is renewed in one step; if
        not all were (HistoryError), renew again.
        """


@dataclass(frozen=True, slots=True)
class RoomRecord:
    """A room of the directory; `created` in seconds since 1970."""

    name: str
    created: float


class RoomDirectory(Protocol):
    """The rooms that were created, for `/room`. Every method raises HistoryError when the store
    does not answer.
    """

    async def create(self, record: RoomRecord) -> bool:
        """False if there is a room of that name already."""

    async def remove(self, name: str) -> bool:
        """False if there is no room of that name."""

    async def exists(self, name: str) -> bool: ...

    async def list(self) -> Sequence[RoomRecord]:
        """All rooms, the oldest first (by creation time, then name)."""


class ModerationStore(Protocol):
    """What moderates the chat: the sanctions in force, and a list of what was done. Every method
    raises HistoryError when the store does not answer.
    """

    shared: bool  # False: other gateways do not see this store

    async def impose(self, sanction: Sanction) -> None:
        """Keep it, in place of one with its id. What ended an hour before it was made may be
        forgotten.
        """

    async def lift(self, id: str) -> bool:
        """Forget a sanction; False if there is none."""

    async def version(self) -> int:
        """Another number after every change of the sanctions."""

    async def sanctions(self) -> tuple[int, Sequence[Sanction]]:
        """The version and, at least as new as that, the sanctions, also such as have ended."""

    async def record(self, deed: Deed) -> None:
        """Keep what was done, with those before it: at least the last DEEDS."""

    async def deeds(self, skip: int, limit: int) -> Sequence[Deed]:
        """At most *limit*, the newest first, without the *skip* newest."""


class Store(Protocol):
    """One opened place for all."""

    log: RoomLog
    directory: RoomDirectory
    moderation: ModerationStore
