"""The command `chatcluster`, as it is installed, in processes of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil

COMMAND = Path(sys.executable).parent / "chatcluster"


class Cli:
    """Runs the command with variables and folders of its own, and finds what it leaves running."""

    def __init__(self, folder):
        self.folder = folder
        clean = {name: value for name, value in os.environ.items() if name[:5] != "CHAT_"}
        self.environment = {
            **clean,
            "TMPDIR": str(folder),
            "XDG_RUNTIME_DIR": str(folder),
            "COLUMNS": "100",
        }

    def start(self, *arguments, **variables):
        return subprocess.Popen(
            [str(COMMAND), *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            env={**self.environment, **variables},
        )

    def run(self, *arguments, seconds=40, **variables):
        """Exit code, standard output and standard error, within *seconds*."""
        with self.start(*arguments, **variables) as process:
            try:
                output, errors = process.communicate(timeout=seconds)
            finally:
                process.kill()
        return process.returncode, output, errors

    def left(self):
        """The processes that it started, or that those did, and that still run."""
        return [process.pid for process in psutil.process_iter() if self._is_ours(process)]

    def wait_until_nothing_is_left(self, seconds):
        deadline = time.monotonic() + seconds
        while self.left() and time.monotonic() < deadline:
            time.sleep(0.05)
        return self.left()

    def _is_ours(self, process):
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            # Nobody else works in this folder. (Valkey overwrites its variables with its title.)
            return Path(process.cwd()).is_relative_to(self.folder)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return False


def refused(outcome):
    """The one line on standard error of a command that did not start."""
    code, _, errors = outcome
    assert code == 2, errors
    assert errors.startswith("chatcluster: ")
    assert errors.count("\n") == 1
    assert "Traceback" not in errors
    return errors
