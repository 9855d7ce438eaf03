"""Who a client is, and what it may do."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from chat_gateway.access.patterns import matches


class Right(enum.StrEnum):
    """What can be permitted in a room. The lobby is the room with the empty name."""

    JOIN = "join"  # and be seen there; whoever may join may read
    READ = "read"  # its messages, also without being in it
    WRITE = "write"
    CREATE = "create"
    REMOVE = "remove"  # with everything that was said in it
    MODERATE = "moderate"  # what others may do there


@dataclass(frozen=True, slots=True)
class Permissions:
    """By right, the patterns of the rooms in which it is given."""

    join: tuple[str, ...] = ()
    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    create: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    moderate: tuple[str, ...] = ()

    def may(self, right: Right, room: str) -> bool:
        patterns: tuple[str, ...] = getattr(self, right)
        if right is Right.READ:
            patterns += self.join
        return any(matches(pattern, room) for pattern in patterns)

    @property
    def moderates_all(self) -> bool:
        """Whether it moderates the whole chat, which is more than each of its rooms."""
        return "*" in self.moderate


# To moderate is nobody's who has not shown who they are.
EVERYTHING = Permissions(**{right.value: ("*",) for right in Right if right is not Right.MODERATE})


@dataclass(frozen=True, slots=True)
class Identity:
    """What is known of whoever has opened a connection.

    `user` is the same in all of a user's connections, and empty for those who did not show who they
    are; `name` is what others see of them, empty where they may choose. `address` is of the
    network. `expires`: when they have to show who they are anew, in seconds since 1970.
    """

    user: str
    name: str
    address: str
    permissions: Permissions
    expires: float | None = None


def stranger(address: str) -> Identity:
    """Somebody who was not asked who they are."""
    return Identity("", "", address, EVERYTHING)
