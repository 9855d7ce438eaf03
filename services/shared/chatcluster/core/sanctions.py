"""Who may not do what, where, and until when."""

from __future__ import annotations

import enum
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

import msgspec

from chatcluster.core.errors import MalformedError


class Kind(enum.StrEnum):
    BAN = "ban"  # may not be there
    MUTE = "mute"  # may not say anything
    CLOSE = "close"  # nobody may be there


@dataclass(frozen=True, slots=True, kw_only=True)
class Sanction:
    """Against a user or all who come from an `address`; a CLOSE is against everybody. In one room
    ("": the lobby), or everywhere (None).

    `made` and `until` in seconds since 1970; an `until` of None lasts until it is lifted.
    """

    kind: Kind
    user: str = ""
    address: str = ""
    room: str | None = None
    until: float | None = None
    reason: str = ""
    by: str = ""
    made: float = 0.0

    @property
    def id(self) -> str:
        """A later sanction with the same id takes this one's place."""
        return identified(self.kind, self.user, self.address, self.room)

    def holds(self, now: float) -> bool:
        return self.until is None or now < self.until

    def encode(self) -> bytes:
        # Names may have half a surrogate pair, for which UTF-8 has no form: ASCII has.
        return json.dumps(asdict(self)).encode()

    @classmethod
    def decode(cls, text: bytes) -> Sanction:
        """The inverse; fields that are not known here are left out. Raises MalformedError."""
        try:
            return msgspec.convert(json.loads(text), cls)
        except (ValueError, msgspec.ValidationError) as error:
            raise MalformedError(f"not a sanction: {error}") from error


def identified(kind: Kind, user: str, address: str, room: str | None) -> str:
    return json.dumps([kind, user, address, room])


class Sanctions:
    """Those that are in force, by what they are against."""

    def __init__(self) -> None:
        self._all: dict[str, Sanction] = {}

    def __bool__(self) -> bool:
        return bool(self._all)

    def all(self, now: float) -> list[Sanction]:
        """Those that hold, the oldest first."""
        holding = [one for one in self._all.values() if one.holds(now)]
        return sorted(holding, key=lambda one: (one.made, one.id))

    def replace(self, sanctions: Iterable[Sanction]) -> list[Sanction]:
        """These are in force, and no others. Gives those that are new."""
        before, self._all = self._all, {one.id: one for one in sanctions}
        return [one for id, one in self._all.items() if before.get(id) != one]

    def impose(self, sanction: Sanction) -> None:
        self._all[sanction.id] = sanction

    def lift(self, id: str) -> bool:
        """Whether there was one."""
        return self._all.pop(id, None) is not None

    def against(
        self, kind: Kind, user: str, address: str, room: str | None, now: float
    ) -> Sanction | None:
        """What of this kind holds in the room for a user and an address (each empty if it is not
        known), or everywhere; in no room (None): everywhere alone.
        """
        whom = [("", "")]
        if kind is not Kind.CLOSE:
            whom = [given for given in ((user, ""), ("", address)) if any(given)]
        for given in whom:
            for where in (None, room):
                found = self._all.get(identified(kind, *given, where))
                if found is not None and found.holds(now):
                    return found
        return None
