"""Dice, as players write them."""

from __future__ import annotations

import pytest

from chat_worker.dice import roll


def lowest(first: int, last: int) -> int:
    return first


def highest(first: int, last: int) -> int:
    return last


@pytest.mark.parametrize(
    ("dice", "result"),
    [
        ("2d6", "2d6: 6 + 6 = 12"),
        ("d20", "d20: 20"),
        ("1d6+3", "1d6+3: 6 + 3 = 9"),
        ("3D8 - 2", "3D8 - 2: 8 + 8 + 8 - 2 = 22"),
        ("20d1000", "20d1000: " + " + ".join(["1000"] * 20) + " = 20000"),
    ],
)
def test_dice_are_thrown(dice: str, result: str) -> None:
    assert roll(dice, highest) == result


def test_a_die_shows_at_least_one() -> None:
    assert roll("3d6", lowest).endswith("= 3")


@pytest.mark.parametrize("dice", ["", "six", "0d6", "2d0", "21d6", "1d1001", "2d6+", "1d6;1d6"])
def test_what_cannot_be_thrown_is_explained(dice: str) -> None:
    assert roll(dice, highest).startswith("dice are written like 2d6")
