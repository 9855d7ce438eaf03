"""Where `chatcluster run` says what it runs, so that `chatcluster status` and `switch` find it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from chat_local.plan import Kind, Program
from chatcluster.runtime.lifecycle import StartError


@dataclass(frozen=True, slots=True)
class Running:
    """One program that runs."""

    name: str
    kind: Kind
    address: str
    admin: str | None
    pid: int


@dataclass(frozen=True, slots=True)
class Run:
    """One `chatcluster run`. `folder` has its data and logs; a `temporary` one ends with it.

    `control` is the address at which it takes orders, and `token` what it and the admin servers of
    its programs want to be shown; `ready` once all have started.
    """

    pid: int
    mode: str
    folder: str
    temporary: bool
    control: str = ""
    token: str = ""
    ready: bool = False
    programs: tuple[Running, ...] = ()

    @property
    def fanout_file(self) -> Path:
        """Where its programs look when they start, for the fan-out that is in force."""
        return Path(self.folder) / "fanout.json"

    def having(self, program: Program, pid: int) -> Run:
        """With *program* in place of an earlier one of its name."""
        others = [other for other in self.programs if other.name != program.name]
        started = Running(program.name, program.kind, program.address, program.admin, pid)
        return replace(self, programs=(*others, started))


_JSON = TypeAdapter(Run)


def write(run: Run) -> None:
    """Tell this user's other processes of *run*; replaces what was told before. Raises StartError
    if it cannot.
    """
    replace_file(_path(run), _JSON.dump_json(run, indent=2))


def replace_file(path: Path, content: bytes) -> None:
    """Whoever reads *path*, and only this user may, finds all of *content* or all of what was there
    before.
    """
    new = path.with_suffix(f".new-{os.getpid()}")
    new.touch(mode=0o600)
    new.write_bytes(content)
    new.replace(path)


def remove(run: Run) -> None:
    _path(run).unlink(missing_ok=True)


def alive() -> list[Run]:
    """The runs of this user whose process lives, oldest first."""
    return [run for _, run in _all() if run is not None and _lives(run.pid)]


def clear_stale() -> None:
    """Remove what runs left that had no chance to do so: their files and temporary folders."""
    for path, run in _all():
        if run is not None and _lives(run.pid):
            continue
        if run is not None and run.temporary:
            shutil.rmtree(run.folder, ignore_errors=True)
        path.unlink(missing_ok=True)


def _all() -> Iterator[tuple[Path, Run | None]]:
    files = sorted(_folder().glob("*.json"), key=lambda path: path.name.zfill(20))
    for path in files:
        try:
            yield path, _JSON.validate_json(path.read_bytes())
        except FileNotFoundError:  # that run ended just now
            continue
        except ValidationError:
            yield path, None


def _path(run: Run) -> Path:
    return _folder() / f"{run.pid}.json"


def _folder() -> Path:
    base = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
    folder = Path(base) / f"chatcluster-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        owner = folder.lstat().st_uid
    except OSError as error:
        raise StartError(f"cannot use the folder {folder}: {error.strerror}") from error
    # In a shared /tmp somebody else may have been there first; what it says is not to be believed.
    if owner != os.getuid() or folder.is_symlink():
        raise StartError(f"the folder {folder} belongs to another user")
    return folder


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # of another user: not ours, so ours has ended
        return False
    return True
