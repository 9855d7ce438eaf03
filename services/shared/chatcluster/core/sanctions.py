"""Who may not do what, where, and until when."""

from __future__ import annotations

import enum
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import NamedTuple

import msgspec

from chatcluster.core.errors import MalformedError


class Kind(enum.StrEnum):
    BAN = "ban"  # may not be there
    MUTE = "mute"  # may not say anything
    CLOSE = "close"  # nobody may be there


class Against(NamedTuple):
    """Whom and where a sanction is against: there is one of each kind."""

    kind: Kind
    user: str
    address: str
    room: str | None

    @property
    def id(self) -> str:
        return json.dumps(self)


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
    def against(self) -> Against:
        """A later sanction against the same takes this one's place."""
        return Against(self.kind, self.user, self.address, self.room)

    @property
    def id(self) -> str:
        return self.against.id

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


class Sanctions:
    """Those that are in force. `of_addresses`: whether one of them is against an address."""

    def __init__(self) -> None:
        self.of_addresses = False
        self._all: dict[Against, Sanction] = {}

    def __bool__(self) -> bool:
        return bool(self._all)

    def all(self, now: float) -> list[Sanction]:
        """Those that hold, the oldest first."""
        holding = [one for one in self._all.values() if one.holds(now)]
        return sorted(holding, key=lambda one: (one.made, one.id))

    def replace(self, sanctions: Iterable[Sanction]) -> list[Sanction]:
        """These are in force, and no others. Gives those that are new."""
        before = self._all
        self._keep(sanctions)
        return [one for against, one in self._all.items() if before.get(against) != one]

    def impose(self, sanction: Sanction) -> None:
        """What has ended when it was made is forgotten."""
        self._keep([*self.all(sanction.made), sanction])

    def lift(self, against: Against) -> bool:
        """Whether there was one."""
        lifted = self._all.pop(against, None) is not None
        self._keep(self._all.values())
        return lifted

    def find(
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
                found = self._all.get(Against(kind, *given, where))
                if found is not None and found.holds(now):
                    return found
        return None

    def _keep(self, sanctions: Iterable[Sanction]) -> None:
        self._all = {one.against: one for one in sanctions}
        self.of_addresses = any(one.address for one in self._all.values())
