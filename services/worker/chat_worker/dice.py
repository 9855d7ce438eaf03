"""Dice, as players write them."""

from __future__ import annotations

import re
from collections.abc import Callable

MOST_DICE, MOST_SIDES = 20, 1000

_DICE = re.compile(r"([1-9]\d{0,3})?d([1-9]\d{0,4})\s*(?:([+-])\s*(\d{1,6}))?", re.IGNORECASE)


def roll(dice: str, throw: Callable[[int, int], int]) -> str:
    """The result of *dice* (`2d6`, `d20`, `3d8+2`) in words; *throw* gives a number from its first
    argument to its second."""
    given = _DICE.fullmatch(dice.strip())
    count, sides = (int(given[1] or 1), int(given[2])) if given else (0, 0)
    if given is None or count > MOST_DICE or sides > MOST_SIDES:
        return f"dice are written like 2d6 or d20+1 ({MOST_DICE}d{MOST_SIDES} at most)"
    thrown = [throw(1, sides) for _ in range(count)]
    bonus = int(f"{given[3]}{given[4]}") if given[3] else 0
    parts = " + ".join(map(str, thrown)) + (f" {given[3]} {given[4]}" if given[3] else "")
    total = f" = {sum(thrown) + bonus}" if len(thrown) > 1 or given[3] else ""
    return f"{dice.strip()}: {parts}{total}"
