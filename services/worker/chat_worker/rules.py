"""What may not be said: decided without I/O."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

_LINK = re.compile(r"(?:https?://|www\.)[^\s<>\"]+", re.IGNORECASE)
_HOST = re.compile(r"(?:https?://)?(?:[^/@\s]*@)?([^/:?#\s]+)", re.IGNORECASE)
_NOTHING = re.compile(r"(?!)")


@dataclass(frozen=True, slots=True)
class Verdict:
    """`masked` has stars in place of what may not be said; `reasons` are for people."""

    masked: str
    reasons: tuple[str, ...]


class Rules:
    """*words* are whole words, in any case; *hosts* and what is under them may be linked to, if
    *links* may not be otherwise."""

    def __init__(self, words: Collection[str], *, links: bool, hosts: Collection[str]) -> None:
        self._words = _any_of(words)
        self._links = links
        self._hosts = tuple(host.casefold().removeprefix("www.") for host in hosts)

    def judge(self, text: str) -> Verdict | None:
        """None if there is nothing against it."""
        masked, words = self._words.subn(_stars, text)
        reasons = ["a word that may not be said"] if words else []
        if not self._links:
            without = _LINK.sub(self._unless_allowed, masked)
            if without != masked:
                masked, reasons = without, [*reasons, "a link"]
        return Verdict(masked, tuple(reasons)) if reasons else None

    def _unless_allowed(self, link: re.Match[str]) -> str:
        host = _HOST.match(link[0])
        name = host[1].casefold().removeprefix("www.") if host else ""
        allowed = any(name == one or name.endswith(f".{one}") for one in self._hosts)
        return link[0] if allowed else _stars(link)


def _any_of(words: Iterable[str]) -> re.Pattern[str]:
    # The longest first, so that the whole of it is masked where one word begins like another.
    parts = [re.escape(word) for word in sorted(words, key=len, reverse=True)]
    # Not \b: a word may begin or end with a sign that is no letter.
    return re.compile(rf"(?<!\w)(?:{'|'.join(parts)})(?!\w)", re.IGNORECASE) if parts else _NOTHING


def _stars(found: re.Match[str]) -> str:
    return "*" * len(found[0])
