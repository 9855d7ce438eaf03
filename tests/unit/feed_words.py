"""Messages that are their own positions' texts, for feeds."""

from __future__ import annotations

from chatcluster.core.feed import Feed
from chatcluster.core.position import Position


def at(offset: int, epoch: str = "a") -> Position:
    return Position(epoch, offset)


def offered(feed: Feed[str], *positions: Position) -> list[str]:
    """Each position's own text is its message."""
    return [item for one in positions for _, item in feed.offer(one, str(one))]


def entries(*positions: Position) -> list[tuple[Position, str]]:
    return [(one, str(one)) for one in positions]


def texts(ready: list[tuple[Position, str]]) -> list[str]:
    assert all((str(one), type(one)) == (item, Position) for one, item in ready)
    return [item for _, item in ready]
