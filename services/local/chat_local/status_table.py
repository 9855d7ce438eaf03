"""The table of `chatcluster status`."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group
from rich.table import Table
from rich.text import Text

from chat_local.log_line import printable
from chat_local.seen import FanoutStats, Seen

_NUMBERS = ("clients", "rooms", "msg/s")


def view(gateways: Sequence[Seen]) -> Group:
    """The table, and under it what is wrong."""
    return Group(table(gateways), *(Text(printable(line), "red") for line in problems(gateways)))


def problems(gateways: Sequence[Seen]) -> list[str]:
    """A line for each thing that somebody should look at."""
    lines = []
    for gateway in gateways:
        if gateway.stats is None:
            lines.append(f"{gateway.at.admin}: {gateway.error}")
            continue
        if waiting := gateway.stats.fanout.outbox.waiting:
            lines.append(f"{gateway.name}: {waiting} envelopes wait for the carrier")
        if not gateway.stats.history.ok:
            lines.append(f"{gateway.name}: its history ({gateway.stats.history.kind}) fails")
    return lines


def table(gateways: Sequence[Seen]) -> Table:
    """A row for each gateway, and a row of sums when there are several."""
    shown = Table(box=None, header_style="bold", pad_edge=False)
    for title in ("gateway", "address", "state", *_NUMBERS, "mode", "fan-out"):
        shown.add_column(title, justify="right" if title in _NUMBERS else "left")
    for gateway in gateways:
        shown.add_row(*(Text(printable(cell), style) for cell, style in _cells(gateway)))
    if len(gateways) > 1:
        shown.add_row("all", "", "", *_sums(gateways), style="bold")
    return shown


def _cells(gateway: Seen) -> list[tuple[str, str]]:
    """What a row says, and in which style."""
    known = [
        (gateway.name, ""),
        (gateway.address.removeprefix("http://"), ""),
        (gateway.state, _style(gateway)),
    ]
    stats = gateway.stats
    if stats is None:
        return known
    return [
        *known,
        (str(stats.connections), ""),
        (str(stats.rooms), ""),
        (_rate(gateway.rate), ""),
        (stats.mode, ""),
        _fanout(stats.fanout),
    ]


def _fanout(fanout: FanoutStats) -> tuple[str, str]:
    """Its state and, if it was ever changed, how often and whether it is just now."""
    changes = fanout.phase != "steady"
    said = [fanout.state, *([f"epoch {fanout.epoch}"] if fanout.epoch or changes else [])]
    said += [fanout.phase] if changes else []
    style = "red" if fanout.state != "up" else "yellow" if changes else ""
    return ", ".join(said), style


def _style(gateway: Seen) -> str:
    if gateway.stats is None:
        return "red"
    return "green" if gateway.stats.ready else "yellow"


def _sums(gateways: Sequence[Seen]) -> list[str]:
    known = [gateway.stats for gateway in gateways if gateway.stats]
    rates = [gateway.rate for gateway in gateways if gateway.rate is not None]
    # Rooms are not summed: one room is on several gateways.
    return [
        str(sum(stats.connections for stats in known)),
        "",
        _rate(sum(rates) if rates else None),
    ]


def _rate(rate: float | None) -> str:
    if rate is None:
        return "-"
    return f"{rate:.0f}" if rate >= 10 or rate == 0 else f"{rate:.1f}"
