"""Which web pages may use a gateway.

Source: RFC 6454 section 7 (the header `Origin`), RFC 6455 section 10.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

ANY = "*"
SAME_HOST = "same-host"
OPAQUE = "null"  # pages from files and in sandboxes

_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_LOOPBACK = frozenset(("localhost", "127.0.0.1", "[::1]"))
_HOST = r"\[[0-9a-f:.]+\]|[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?\.?"
_AUTHORITY = re.compile(rf"({_HOST})(?::(\d{{1,5}}))?")
_ORIGIN = re.compile(rf"([a-z][a-z0-9+.-]*)://({_HOST})(?::(\d{{1,5}}))?")
_PATTERN = re.compile(rf"([a-z][a-z0-9+.-]*)://(\*\.)?({_HOST})(?::(\d{{1,5}}))?")


class Origin(NamedTuple):
    scheme: str
    host: str
    port: int | None

    @classmethod
    def read(cls, text: str) -> Origin | None:
        """None for what no browser sends."""
        found = _ORIGIN.fullmatch(text.lower())
        return None if found is None else cls(found[1], found[2], _port(found[1], found[3]))


class Pattern(NamedTuple):
    """An origin, or with `below` those of all hosts below its host."""

    origin: Origin
    below: bool

    @classmethod
    def read(cls, text: str) -> Pattern:
        """Raises ValueError."""
        found = _PATTERN.fullmatch(text.lower())
        if found is None:
            raise ValueError(f"{text!r} is not an origin such as https://chat.example")
        return cls(Origin(found[1], found[3], _port(found[1], found[4])), bool(found[2]))

    def covers(self, origin: Origin) -> bool:
        if not self.below:
            return origin == self.origin
        same = (origin.scheme, origin.port) == (self.origin.scheme, self.origin.port)
        return same and origin.host.endswith(f".{self.origin.host}")


class Origins:
    """Lets in what one of *allowed* covers: `*` (every page), `same-host` (pages of the host that
    the request is for, at whatever port, since cookies do not tell ports apart either), `null`,
    `https://chat.example`, `https://*.chat.example`.

    Programs that are no browsers send no origin, and are let in: they could send any.
    """

    def __init__(self, allowed: Sequence[str] = (ANY,)) -> None:
        """Raises ValueError for what is none of these."""
        self._any = ANY in allowed
        self._same_host = SAME_HOST in allowed
        self._opaque = OPAQUE in allowed
        words = {ANY, SAME_HOST, OPAQUE}
        self._patterns = tuple(Pattern.read(text) for text in allowed if text not in words)

    def allow(self, given: Sequence[str], host: str) -> bool:
        """*given*: the values of the header `Origin`; *host*: that of `Host`."""
        if self._any or not given:
            return True
        if len(given) > 1:
            return False
        if given[0] == OPAQUE:
            return self._opaque
        origin = Origin.read(given[0])
        if origin is None:
            return False
        return (self._same_host and _known(origin.host) == _hostname(host)) or _covered(
            origin, self._patterns
        )


def _covered(origin: Origin, patterns: Iterable[Pattern]) -> bool:
    return any(pattern.covers(origin) for pattern in patterns)


def _hostname(host: str) -> str | None:
    found = _AUTHORITY.fullmatch(host.lower())
    return None if found is None else _known(found[1])


def _known(host: str) -> str:
    """This machine has several names, which mean the same."""
    return "localhost" if host in _LOOPBACK else host


def _port(scheme: str, port: str | None) -> int | None:
    return int(port) if port else _DEFAULT_PORTS.get(scheme)
