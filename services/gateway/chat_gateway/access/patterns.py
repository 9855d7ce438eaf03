"""Names of rooms as permissions write them."""

from __future__ import annotations


def matches(pattern: str, name: str) -> bool:
    """Whether *pattern* means *name*: `*` stands for any characters, or none; all else for itself.

    Takes time in proportion to the length of both, whatever the pattern.
    """
    first, *others = pattern.split("*")
    if not others:
        return pattern == name
    last = others.pop()
    if len(name) < len(first) + len(last) or not (name.startswith(first) and name.endswith(last)):
        return False
    at, end = len(first), len(name) - len(last)
    for part in others:
        found = name.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True
