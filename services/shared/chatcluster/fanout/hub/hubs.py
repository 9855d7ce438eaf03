"""The hubs of a cluster, and which of them are for chosen namespaces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

WILDCARD = "*"


@dataclass(frozen=True, slots=True)
class Hubs:
    """*general* hubs, and hubs by purpose: pairs of a namespace's pattern and its hubs.

    A pattern is a namespace, or the beginning of one and `*`. Of several that match, the one that
    says most counts: a namespace before a beginning, a longer beginning before a shorter one.
    """

    general: frozenset[str]
    purposes: tuple[tuple[str, frozenset[str]], ...] = ()

    @classmethod
    def of(cls, urls: Iterable[str], routes: Mapping[str, Sequence[str]] | None = None) -> Hubs:
        """Raises ValueError without general hubs, and for a pattern or an address that is none."""
        general = _addresses(urls)
        if not general:
            raise ValueError("mode `hub` needs at least one hub")
        purposes = []
        for pattern, own in sorted((routes or {}).items()):
            if not pattern.startswith("/") or WILDCARD in pattern[:-1]:
                raise ValueError(f"{pattern!r} is neither a namespace nor its beginning and `*`")
            purposes.append((pattern, _addresses(own)))
        return cls(general, tuple(purposes))

    @property
    def all(self) -> frozenset[str]:
        return self.general.union(*(own for _, own in self.purposes))

    @property
    def digest(self) -> str:
        """The same for those who send every room to the same hub.

        A single hub may be known by several addresses.
        """
        if len(self.all) == 1:
            return "one"
        shown = [sorted(self.general), [(pattern, sorted(own)) for pattern, own in self.purposes]]
        return blake2b(repr(shown).encode(), digest_size=8).hexdigest()

    def tiers(self, namespace: str) -> tuple[frozenset[str], ...]:
        """All hubs: those for this namespace, those that stand in for them, and the last resort."""
        own = self._purpose(namespace)
        general = self.general - own
        return own, general, self.all - own - general

    def _purpose(self, namespace: str) -> frozenset[str]:
        matching = [
            (len(pattern) if pattern[-1:] == WILDCARD else float("inf"), own)
            for pattern, own in self.purposes
            if _matches(pattern, namespace)
        ]
        return max(matching, key=lambda match: match[0])[1] if matching else frozenset()


def _matches(pattern: str, namespace: str) -> bool:
    if pattern.endswith(WILDCARD):
        return namespace.startswith(pattern[:-1])
    return namespace == pattern


def _addresses(urls: Iterable[str]) -> frozenset[str]:
    addresses = frozenset(url.rstrip("/") for url in urls)
    if not all(url.startswith(("http://", "https://")) for url in addresses):
        raise ValueError("the address of a hub begins with http:// or https://")
    return addresses
