"""`chatcluster run`: a whole cluster on this machine."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Set
from contextlib import contextmanager
from functools import partial
from os import getpid
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import ClientSession

from chat_local import run_file
from chat_local.plan import Program, needs_postgres, ports, programs
from chat_local.ports import check_free
from chat_local.postgres import postgres
from chat_local.probe import reason_not_ready
from chat_local.run_file import Run
from chat_local.run_settings import RunSettings
from chat_local.supervisor import Supervisor
from chat_local.terminal import Terminal
from chat_local.valkey import valkey
from chatcluster.runtime.lifecycle import StartError, stop_signal


async def run_cluster(settings: RunSettings) -> None:
    """Run it until a signal; nothing of it is left afterwards. Raises StartError."""
    terminal = Terminal()
    needed = ports(settings)
    with stop_signal() as stop, _folder(settings) as folder:
        check_free(needed)
        servers = _servers(settings, folder, avoid={port.number for port in needed})
        with _told(settings, folder, terminal) as audience:
            async with ClientSession() as session:
                supervisor = Supervisor(
                    programs(settings, *servers),
                    folder,
                    probe=partial(reason_not_ready, session),
                    audience=audience,
                )
                await supervisor.run(stop)
    terminal.say("All of it has ended.")


def _servers(settings: RunSettings, folder: Path, *, avoid: Set[int]) -> list[Program]:
    """Valkey and, where it is needed, Postgres."""
    servers = [valkey(_made(folder / "valkey"), avoid=avoid)]
    if needs_postgres(settings):
        taken = avoid | {urlsplit(servers[0].address).port or 0}
        servers.append(postgres(_made(folder / "postgres"), avoid=taken))
    return servers


class _Told:
    """Hears what happens, for the terminal and for other processes."""

    def __init__(self, settings: RunSettings, folder: Path, terminal: Terminal) -> None:
        self.run = Run(getpid(), settings.mode, str(folder), temporary=settings.data is None)
        self._settings = settings
        self._terminal = terminal

    def started(self, program: Program, pid: int) -> None:
        self.run = self.run.having(program, pid)
        run_file.write(self.run)
        self._terminal.started(program, pid)

    def said(self, name: str, line: str) -> None:
        self._terminal.said(name, line)

    def ready(self) -> None:
        self._terminal.summary(self._settings, self.run.folder)

    def stopping(self) -> None:
        self._terminal.say("Stopping (Ctrl-C again: at once) …")


@contextmanager
def _told(settings: RunSettings, folder: Path, terminal: Terminal) -> Iterator[_Told]:
    audience = _Told(settings, folder, terminal)
    run_file.write(audience.run)
    try:
        yield audience
    finally:
        run_file.remove(audience.run)


@contextmanager
def _folder(settings: RunSettings) -> Iterator[Path]:
    """The run's folder: the one that was asked for, or one that is removed at the end."""
    run_file.clear_stale()
    if settings.data is not None:
        yield _ours(settings.data)
        return
    folder = Path(tempfile.mkdtemp(prefix="chatcluster-run-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _ours(data: Path) -> Path:
    folder = _made(data).resolve()
    for other in run_file.alive():
        if other.folder == str(folder):
            raise StartError(f"process {other.pid} uses {folder} already (--data, CHAT_DATA)")
    return folder


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StartError(
            f"cannot make the folder {folder}: {error.strerror} (--data, CHAT_DATA)"
        ) from error
    return folder
