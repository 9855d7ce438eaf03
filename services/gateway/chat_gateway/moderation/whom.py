"""Whom an order means."""

from __future__ import annotations

from typing import NamedTuple


class Whom(NamedTuple):
    """A user or, where that is not known, an address as `Sanction` has it."""

    user: str
    address: str
    nick: str = ""
