"""What happened during a soak, as a table."""

from __future__ import annotations

from dataclasses import dataclass, field

from rich.table import Table


@dataclass(slots=True)
class Row:
    """Times in seconds, except for `slowest`, in milliseconds."""

    times: int = 0
    lasted: list[float] = field(default_factory=list)
    ready: list[float] = field(default_factory=list)
    slowest: int = 0
    problems: list[str] = field(default_factory=list)


class Tally:
    """One row for each kind of fault."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}

    def note(
        self, kind: str, *, lasted: float, ready: float, slowest: int, problems: list[str]
    ) -> None:
        """*ready*: from the end of the fault until all gateways were ready; *slowest*: the slowest
        delivery meanwhile; *problems*: those that were not there before."""
        row = self.rows.setdefault(kind, Row())
        row.times += 1
        row.lasted.append(lasted)
        row.ready.append(ready)
        row.slowest = max(row.slowest, slowest)
        row.problems += problems

    @property
    def problems(self) -> int:
        return sum(len(row.problems) for row in self.rows.values())

    def table(self) -> Table:
        table = Table("what happened", title=None)
        for heading in ("times", "lasted, s", "ready again, s", "slowest delivery, s", "problems"):
            table.add_column(heading, justify="right")
        for kind, row in sorted(self.rows.items()):
            table.add_row(
                kind,
                str(row.times),
                f"{min(row.lasted):.1f} to {max(row.lasted):.1f}",
                f"{max(row.ready):.1f}",
                f"{row.slowest / 1000:.1f}",
                str(len(row.problems)),
            )
        return table
