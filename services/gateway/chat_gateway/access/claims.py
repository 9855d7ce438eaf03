"""What the claims of a token, or the answer of a hook, say of a user."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chat_gateway.access.identity import Identity, Permissions, Right
from chat_gateway.chat import domain
from chat_gateway.chat.domain import Limits
from chatcluster.core import codes
from chatcluster.core.errors import Refused

LONGEST_USER = 256  # characters
MOST_PATTERNS = 1000  # of one right
LONGEST_PATTERN = 200  # characters


@dataclass(frozen=True, slots=True)
class Reading:
    """Where things stand in claims: a claim's name or, with a "/" before it, a path of names
    (RFC 6901). `unsaid` are the permissions of those whose claims name no rooms at all.
    """

    user: str
    name: str
    rooms: Mapping[Right, str]
    unsaid: Permissions
    limits: Limits

    def identity(self, claims: Mapping[str, Any], address: str, expires: float | None) -> Identity:
        """Raises Refused for claims that are missing or not of their form; it names the claim."""
        user = self._user(claims)
        return Identity(user, self._name(claims, user), address, self._permissions(claims), expires)

    def _user(self, claims: Mapping[str, Any]) -> str:
        user = found(claims, self.user)
        if isinstance(user, int) and not isinstance(user, bool):
            user = str(user)
        if not isinstance(user, str) or not 0 < len(user.strip()) <= LONGEST_USER:
            raise _wrong(self.user, f"a text of 1 to {LONGEST_USER} characters is expected")
        if any("\ud800" <= character <= "\udfff" for character in user):  # no UTF-8 stores it
            raise _wrong(self.user, "half a surrogate pair is no text")
        return user

    def _name(self, claims: Mapping[str, Any], user: str) -> str:
        """Of a user without a name, the id."""
        name = found(claims, self.name)
        where = self.user if name is None else self.name
        try:
            return domain.name(user if name is None else name, where, self.limits)
        except Refused as refused:
            raise Refused(codes.TOKEN_INVALID, refused.message) from refused

    def _permissions(self, claims: Mapping[str, Any]) -> Permissions:
        given = {right: found(claims, place) for right, place in self.rooms.items()}
        if all(patterns is None for patterns in given.values()):
            return self.unsaid
        return Permissions(
            **{
                right.value: _patterns(patterns, self.rooms[right])
                for right, patterns in given.items()
                if patterns is not None
            }
        )


def found(claims: Mapping[str, Any], place: str) -> Any:
    """What stands at *place*; None if nothing does."""
    if not place.startswith("/"):
        return claims.get(place)
    value: Any = claims
    for name in place[1:].split("/"):
        if not isinstance(value, Mapping):
            return None
        value = value.get(name.replace("~1", "/").replace("~0", "~"))
    return value


def _patterns(value: Any, place: str) -> tuple[str, ...]:
    listed = [value] if isinstance(value, str) else value
    well_formed = isinstance(listed, list) and all(
        isinstance(pattern, str) and len(pattern) <= LONGEST_PATTERN for pattern in listed
    )
    if not well_formed or len(listed) > MOST_PATTERNS:
        raise _wrong(place, f"a list of at most {MOST_PATTERNS} names of rooms is expected")
    return tuple(listed)


def _wrong(place: str, what: str) -> Refused:
    return Refused(codes.TOKEN_INVALID, f"{place}: {what}")
