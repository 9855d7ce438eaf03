"""Which test asserts which promise, and which mode makes it: what the table of promises shows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from inspect import signature
from typing import Any, TypeVar

from chatcluster.testing.harness import Harness

F = TypeVar("F", bound=Callable[..., Any])

YES, NO = "✓", "-"


def promise(sentence: str) -> Callable[[F], F]:
    """Marks a test: what it asserts, for those who choose a mode. Several tests may assert one."""

    def mark(test: F) -> F:
        test.__promise__ = sentence  # type: ignore[attr-defined]
        return test

    return mark


def concerns(names: Collection[str], kind: type[Harness]) -> bool:
    """Whether a test that takes the fixtures *names* is for this mode."""
    return (kind.shared or "carrier" not in names) and (kind.durable or "durable" not in names)


def table(tests: Iterable[Callable[..., Any]], harnesses: Mapping[str, type[Harness]]) -> str:
    """In Markdown: a row for each promise, a column for each mode, in the order given."""
    promises: dict[str, list[Callable[..., Any]]] = {}
    for test in tests:
        promises.setdefault(test.__promise__, []).append(test)  # type: ignore[attr-defined]
    lines = [["promise", *(f"`{name}`" for name in harnesses)]]
    lines.append(["---", *(":-:" for _ in harnesses)])
    for sentence, its_tests in promises.items():
        made = [any(_concerns(test, kind) for test in its_tests) for kind in harnesses.values()]
        lines.append([sentence, *(YES if one else NO for one in made)])
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _concerns(test: Callable[..., Any], kind: type[Harness]) -> bool:
    return concerns(signature(test).parameters.keys(), kind)
