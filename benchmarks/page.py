"""Puts what was measured into docs/performance.md."""

from __future__ import annotations

from pathlib import Path

DOCS = Path(__file__).parent.parent / "docs"
PAGE = DOCS / "performance.md"


def write(section: str, found: str) -> None:
    """In place of what an earlier run has put between the section's marks."""
    begin, end = (f"<!-- make bench, {section}: {edge} -->" for edge in ("begin", "end"))
    before, mark, rest = PAGE.read_text().partition(begin)
    _, closing, after = rest.partition(end)
    if not (mark and closing):
        raise ValueError(f"{PAGE} has no place for {section}")
    PAGE.write_text(f"{before}{begin}\n{found}\n{end}{after}")


def table(head: list[str], rows: list[list[str]]) -> str:
    """In Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
