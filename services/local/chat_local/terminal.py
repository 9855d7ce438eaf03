"""What `chatcluster run` says at the terminal."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from rich.console import Console
from rich.text import Text

from chat_local.plan import Program, browsable
from chat_local.run_settings import RunSettings
from chatcluster.fanout import modes
from chatcluster.runtime.lifecycle import shown

_COLUMN = 12


class Terminal:
    """Lines for people. A terminal that is gone is no reason to stop."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, soft_wrap=True)

    def started(self, program: Program, pid: int) -> None:
        self._line(program.name, Text(f"{shown(program.address):<28} pid {pid}"))

    def said(self, name: str, line: str) -> None:
        self._line(name, Text(line, "yellow"))

    def summary(self, settings: RunSettings, folder: str) -> None:
        """After all have started: what it is and how to use it."""
        self.say("")
        self._line("mode", Text(f"{settings.mode}: {modes.named(settings.mode).crosses}"))
        self._line("open", Text(_listed(browsable(settings)), "bold"))
        self._line("watch", Text(f"{_ourselves()} status"))
        other = "hub" if settings.mode != "hub" else "adapter"
        self._line("change", Text(f"{_ourselves()} switch {other}"))
        kept = "" if settings.data else " (removed at the end; --data keeps them)"
        self._line("logs", Text(f"{folder}{kept}"))
        self.say("")
        self.say("Ctrl-C stops all of it.")

    def say(self, line: str) -> None:
        with suppress(OSError):
            self._console.print(line, markup=False)

    def _line(self, name: str, text: Text) -> None:
        with suppress(OSError):
            self._console.print(Text.assemble((f"{name:<{_COLUMN}}", "cyan"), text))


def _listed(addresses: Sequence[str]) -> str:
    if len(addresses) > 4:
        return f"{addresses[0]} … {addresses[-1]}"
    return "  ".join(addresses)


def _ourselves() -> str:
    """The command as the user can type it here."""
    typed = Path(sys.argv[0])
    found = shutil.which("chatcluster")
    if found is not None and Path(found).samefile(typed):
        return "chatcluster"
    return f"{sys.executable} -m chat_local" if typed.suffix == ".py" else str(typed)
