"""`chatcluster run`: a whole cluster on this machine."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from os import getpid
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import ClientSession

from chat_local import run_file
from chat_local.control_server import control_server
from chat_local.fanout_file import tell_starting
from chat_local.plan import Program, Shared, needs_postgres, ports, programs
from chat_local.ports import check_free, free_port
from chat_local.postgres import dsn, postgres
from chat_local.probe import reason_not_ready
from chat_local.run_file import Run
from chat_local.run_settings import RunSettings
from chat_local.supervisor import Supervisor
from chat_local.terminal import Terminal
from chat_local.valkey import valkey
from chatcluster.core.switch import Switch, Target
from chatcluster.runtime.lifecycle import StartError, stop_signal


async def run_cluster(settings: RunSettings) -> None:
    """Run it until a signal; nothing of it is left afterwards. Raises StartError."""
    terminal = Terminal()
    with stop_signal() as stop, _folder(settings) as folder:
        check_free(ports(settings))
        servers = _servers(settings, folder)
        token = settings.admin_token.get_secret_value() or secrets.token_urlsafe(24)
        run = Run(getpid(), settings.mode, str(folder), settings.data is None, "", token)
        tell_starting(run.fanout_file, Switch(0, Target(settings.mode)))
        shared = Shared(
            servers.valkey.address, dsn(servers.postgres_port), str(run.fanout_file), token
        )
        with _told(settings, run, terminal) as audience:
            async with ClientSession() as session:
                supervisor = Supervisor(
                    programs(settings, servers.at_once, shared),
                    folder,
                    probe=partial(reason_not_ready, session),
                    audience=audience,
                    on_demand=servers.on_demand,
                )
                async with control_server(supervisor.start, token) as address:
                    audience.controlled(address)
                    await supervisor.run(stop)
    terminal.say("All of it has ended.")


@dataclass(frozen=True, slots=True)
class _Servers:
    """Valkey, which everything uses, and Postgres, which starts when something needs it."""

    valkey: Program
    postgres: Callable[[], Program]
    postgres_port: int
    needs_postgres: bool

    @property
    def at_once(self) -> list[Program]:
        return [self.valkey, self.postgres()] if self.needs_postgres else [self.valkey]

    @property
    def on_demand(self) -> dict[str, Callable[[], Program]]:
        return {} if self.needs_postgres else {"postgres": self.postgres}


def _servers(settings: RunSettings, folder: Path) -> _Servers:
    taken = {port.number for port in ports(settings)}
    first = valkey(_made(folder / "valkey"), avoid=taken)
    port = free_port(taken | {urlsplit(first.address).port or 0})
    return _Servers(
        first, lambda: postgres(_made(folder / "postgres"), port), port, needs_postgres(settings)
    )


class _Told:
    """Hears what happens, for the terminal and for other processes."""

    def __init__(self, settings: RunSettings, run: Run, terminal: Terminal) -> None:
        self.run = run
        self._settings = settings
        self._terminal = terminal

    def controlled(self, address: str) -> None:
        """It takes orders at *address*."""
        self._tell(replace(self.run, control=address))

    def started(self, program: Program, pid: int) -> None:
        self._tell(self.run.having(program, pid))
        self._terminal.started(program, pid)

    def said(self, name: str, line: str) -> None:
        self._terminal.said(name, line)

    def ready(self) -> None:
        self._tell(replace(self.run, ready=True))
        self._terminal.summary(self._settings, self.run.folder)

    def stopping(self) -> None:
        self._terminal.say("Stopping (Ctrl-C again: at once) …")

    def _tell(self, run: Run) -> None:
        self.run = run
        run_file.write(run)


@contextmanager
def _told(settings: RunSettings, run: Run, terminal: Terminal) -> Iterator[_Told]:
    audience = _Told(settings, run, terminal)
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
