"""The tables of `chatcluster top`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from chat_local.log_line import printable
from chat_local.top.reading import Look, Metrics

P99 = 0.99

Cell = tuple[Any, str]  # what it says, and in which style


@dataclass(frozen=True, slots=True)
class Column:
    """`number`: it is one, and `summed` over all programs when that says something."""

    title: str
    cell: Callable[[Look, Metrics], Cell]
    summed: bool = False
    number: bool = True


def view(looks: Sequence[Look]) -> Group:
    """A table for each kind of program, and under them what does not answer."""
    tables = [
        _table(kind, columns, [look for look in looks if look.target.kind == kind])
        for kind, columns in KINDS.items()
        if any(look.target.kind == kind for look in looks)
    ]
    silent = [look for look in looks if look.metrics is None]
    lines = [Text(printable(f"{_name(look)}: {look.error}"), "red") for look in silent]
    spaced = [Padding(table, (0, 0, 1, 0), expand=False) for table in tables[:-1]] + tables[-1:]
    return Group(*spaced, *lines)


def rows(looks: Sequence[Look]) -> list[dict[str, Any]]:
    """The same for programs: of each what the table says, by its titles."""
    return [
        {
            "name": _name(look),
            "kind": look.target.kind,
            "admin": look.target.admin,
            **(
                {"error": look.error}
                if look.metrics is None
                else {one.title: one.cell(look, look.metrics)[0] for one in KINDS[look.target.kind]}
            ),
        }
        for look in looks
    ]


def _table(kind: str, columns: Sequence[Column], looks: Sequence[Look]) -> Table:
    shown = Table(box=None, header_style="bold", pad_edge=False)
    shown.add_column(kind)
    for column in columns:
        shown.add_column(column.title, justify="right" if column.number else "left")
    for look in looks:
        if look.metrics is None:
            shown.add_row(Text(printable(_name(look))), Text("no answer", "red"))
        else:
            cells = [column.cell(look, look.metrics) for column in columns]
            shown.add_row(Text(printable(_name(look))), *(_text(cell) for cell in cells))
    if len(looks) > 1:
        shown.add_row("all", *(_sum(column, looks) for column in columns), style="bold")
    return shown


def _sum(column: Column, looks: Sequence[Look]) -> str:
    if not column.summed:
        return ""
    numbers = [column.cell(look, look.metrics)[0] for look in looks if look.metrics is not None]
    return _shown(sum(number for number in numbers if number is not None))


def _name(look: Look) -> str:
    return look.target.name or look.target.admin.partition("://")[2]


def _text(cell: Cell) -> Text:
    return Text(printable(_shown(cell[0])), cell[1])


def _shown(value: Any) -> str:
    """A number in few characters: 0, 3.4, 250, 12k, 3.1M."""
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if value >= size:
            scaled = value / (1e3 if unit == "k" else size)
            return f"{scaled:.0f}{unit}" if scaled >= 10 else f"{scaled:.1f}{unit}"
    return f"{value:.1f}" if 0 < value < 10 and value != int(value) else f"{value:.0f}"


def _state(look: Look, metrics: Metrics) -> Cell:
    if metrics.value("ready") == 1:
        return "ready", "green"
    phase = metrics.state("phase", "phase")
    if phase == "draining":
        return f"draining {metrics.value('drained_ratio'):.0%}", "yellow"
    return (f"not ready ({phase})" if phase not in ("", "ready") else "not ready"), "yellow"


def _fanout(look: Look, metrics: Metrics) -> Cell:
    said = metrics.state("fanout_mode", "mode")
    if epoch := metrics.value("fanout_epoch"):
        said += f" #{epoch:.0f}"
    if metrics.value("fanout_up") != 1:
        return f"{said} down", "red"
    phase = metrics.state("fanout_change", "phase")
    return (said, "") if phase in ("", "steady") else (f"{said} {phase}", "yellow")


def _gauge(name: str, *, alarming: bool = False) -> Callable[[Look, Metrics], Cell]:
    def cell(look: Look, metrics: Metrics) -> Cell:
        value = metrics.value(name)
        return value, "red" if alarming and value else ""

    return cell


def _rate(name: str, *, alarming: bool = False) -> Callable[[Look, Metrics], Cell]:
    def cell(look: Look, metrics: Metrics) -> Cell:
        rate = look.rate(name)
        return rate, "red" if alarming and rate else ""

    return cell


def _delay(taken: str) -> Callable[[Look, Metrics], Cell]:
    def cell(look: Look, metrics: Metrics) -> Cell:
        bound = look.quantile("delivery_seconds", P99, taken=taken)
        if bound is None:
            return "-", ""
        said = ">10 s" if bound == float("inf") else f"{bound * 1000:g} ms"
        return said, "red" if bound > 1 else ""

    return cell


def _slow(look: Look, metrics: Metrics) -> Cell:
    behind = metrics.value("clients_behind")
    return behind, "yellow" if behind else ""


def _processor(look: Look, metrics: Metrics) -> Cell:
    rate = look.rate("process_cpu_seconds_total")
    if rate is None:
        return "-", ""
    return f"{rate:.0%}", "red" if rate > 0.9 else ""


def _memory(look: Look, metrics: Metrics) -> Cell:
    return metrics.value("process_resident_memory_bytes"), ""


_PROCESS = (Column("cpu", _processor), Column("memory", _memory, summed=True))

KINDS: dict[str, tuple[Column, ...]] = {
    "gateway": (
        Column("state", _state, number=False),
        Column("fan-out", _fanout, number=False),
        Column("clients", _gauge("connections"), summed=True),
        Column("rooms", _gauge("rooms")),
        Column("msg/s", _rate("messages_total"), summed=True),
        Column("out/s", _rate("deliveries_total"), summed=True),
        Column("B/s", _rate("sent_bytes_total"), summed=True),
        Column("p99 here", _delay("here")),
        Column("p99 else", _delay("elsewhere")),
        Column("slow", _slow, summed=True),
        Column("refused/s", _rate("refused_total"), summed=True),
        Column("replayed/s", _rate("replays_total"), summed=True),
        Column("waiting", _gauge("outbox_envelopes", alarming=True), summed=True),
        *_PROCESS,
    ),
    "hub": (
        Column("state", _state, number=False),
        Column("gateways", _gauge("hub_gateways")),
        Column("rooms", _gauge("hub_rooms"), summed=True),
        Column("envelopes/s", _rate("hub_envelopes_total"), summed=True),
        Column("B/s", _rate("hub_bytes_total"), summed=True),
        Column("broadcasts/s", _rate("hub_broadcasts_total"), summed=True),
        *_PROCESS,
    ),
    "worker": (
        Column("state", _state, number=False),
        Column("done/s", _rate("jobs_done_total"), summed=True),
        Column("failed/s", _rate("jobs_failed_total", alarming=True), summed=True),
        Column("at hand", _gauge("jobs_at_hand"), summed=True),
        Column("waiting", _gauge("jobs_waiting")),
        Column("dead", _gauge("jobs_dead_letters", alarming=True)),
        *_PROCESS,
    ),
}
