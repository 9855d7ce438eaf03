"""What `chatcluster switch` shows while it works, and its last sentence."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Protocol

import orjson
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from chat_local.log_line import printable
from chat_local.switch_rows import Row, headline, rows
from chatcluster.control.pursuit import Ended
from chatcluster.control.switching import Turn
from chatcluster.core.switch_plan import Phase

_STYLES = {
    "prepared": "yellow",
    "ready": "cyan",
    "commits": "blue",
    "committed": "blue",
    "finished": "green",
    "in force": "green",
    "failed": "red",
    "no answer": "red",
}


class View(Protocol):
    """Where a change is shown."""

    def show(self, turn: Turn) -> None: ...
    def say(self, line: str) -> None: ...


@contextmanager
def view(wanted: str, *, as_json: bool) -> Iterator[View]:
    """A table that changes, where it can; else a line for each phase; nothing before the JSON."""
    if as_json:
        yield _Silent()
    elif sys.stdout.isatty():
        with Live(auto_refresh=False) as live:
            yield _Table(live, wanted)
    else:
        yield _Lines(wanted)


class _Silent:
    def show(self, turn: Turn) -> None:
        pass

    def say(self, line: str) -> None:
        pass


class _Table:
    def __init__(self, live: Live, wanted: str) -> None:
        self._live = live
        self._wanted = wanted

    def show(self, turn: Turn) -> None:
        title = Text(printable(headline(turn, self._wanted)), "bold")
        self._live.update(Group(title, table(rows(turn))), refresh=True)

    def say(self, line: str) -> None:
        self._live.console.print(printable(line), markup=False, highlight=False)


class _Lines:
    def __init__(self, wanted: str) -> None:
        self._wanted = wanted
        self._phase: Phase | None = None
        self._waits: set[str] = set()

    def show(self, turn: Turn) -> None:
        if turn.ended is not None:
            return  # the last sentence says it
        if turn.plan.phase is not self._phase:
            self._phase = turn.plan.phase
            self.say(headline(turn, self._wanted))
        if turn.reason and turn.ended is None and turn.reason not in self._waits:
            self._waits.add(turn.reason)
            self.say(f"waits: {turn.reason}")

    def say(self, line: str) -> None:
        print(printable(line), flush=True)


def table(shown: Sequence[Row]) -> Table:
    """A row for each gateway."""
    made = Table(box=None, header_style="bold", pad_edge=False)
    for title in ("gateway", "mode", "epoch", "phase", "waits for"):
        made.add_column(title, justify="right" if title == "epoch" else "left")
    for row in shown:
        epoch = "?" if row.epoch is None else str(row.epoch)
        cells = (row.name, row.target, epoch)
        style = _STYLES.get(row.phase, "")
        made.add_row(
            *(Text(printable(cell)) for cell in cells),
            Text(row.phase, style),
            Text(printable(row.waits), "red" if style == "red" else ""),
        )
    return made


def print_last(sentence: str, *, good: bool) -> None:
    Console(soft_wrap=True).print(
        printable(sentence), style="green" if good else "red", markup=False, highlight=False
    )


def as_json(turn: Turn, wanted: str, seconds: float) -> str:
    """How it ended, for programs."""
    said = {
        "outcome": turn.ended or "interrupted",
        "target": wanted,
        "epoch": turn.plan.epoch,
        "phase": turn.plan.phase,
        "reason": "" if turn.ended is Ended.IN_FORCE else turn.reason,
        "seconds": round(seconds, 3),
        "gateways": [asdict(row) for row in rows(turn)],
    }
    return orjson.dumps(said, option=orjson.OPT_INDENT_2).decode()
