"""How fast clients may be moved, so that no more than a share of all is on its way at once."""

from __future__ import annotations

from chat_operator.spec import Drain

# An order is given anew only when its pace is that far off, as factors.
_NEAR = (0.8, 1.25)


def batch(drain: Drain, clients: int) -> int:
    """Of *clients* in all, how many may be on their way at once: at least one."""
    return max(1, clients * drain.max_moving_percent // 100)


def per_second(drain: Drain, clients: int) -> float:
    """Of *clients* in all, how many may be told to move in a second."""
    return round(batch(drain, clients) / drain.reconnect_seconds, 3)


def is_near(pace: float, wanted: float) -> bool:
    """Whether a gateway that moves *pace* clients in a second may go on so."""
    low, high = _NEAR
    return low * wanted <= pace <= high * wanted
