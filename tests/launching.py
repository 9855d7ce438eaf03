"""How tests start our programs: as everybody does, or (pytest) as forks of one that has imported
them, which saves most of a start."""

from __future__ import annotations

import atexit
import itertools
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Protocol

ROOT = Path(__file__).parents[1]
FORKING = 2  # programs that fork: strings have other hashes in each, as in each program in earnest


class Process(Protocol):
    """What tests use of `subprocess.Popen`."""

    pid: int
    returncode: int | None

    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def send_signal(self, sig: int) -> None: ...
    def terminate(self) -> None: ...
    def kill(self) -> None: ...


def launch(module: str, variables: Mapping[str, object], log: IO[bytes]) -> Process:
    """Start `python -m` *module*, configured by *variables* alone; it writes to *log*."""
    environment = _inherited() | {name: str(value) for name, value in variables.items()}
    if _forking is not None and _interpreter(environment) == _interpreter(_AT_FIRST):
        return next(_forking).launch(module, environment, log)
    command = [sys.executable, "-m", module]
    return subprocess.Popen(command, env=environment, stdout=log, stderr=log)


def fork_from_now_on() -> None:
    """Launch by forking, except where Python itself is configured otherwise."""
    global _forking
    forking = [_Forking() for _ in range(FORKING)]
    for one in forking:
        atexit.register(one.end)
    _forking = itertools.cycle(forking)


class Forked:
    """A process that another one has forked; can be used by several threads."""

    def __init__(self, pipe: int) -> None:
        weakref.finalize(self, os.close, pipe).atexit = False  # some are ended then
        self._pipe = pipe
        self._lock = threading.Lock()
        self.pid = self._read()
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit code, or minus the signal that ended it, if it has ended."""
        return self._ended_within(0)

    def wait(self, timeout: float | None = None) -> int:
        """The same when it has ended. Raises TimeoutExpired after *timeout* seconds."""
        code = self._ended_within(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
        return code

    def send_signal(self, sig: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, sig)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _ended_within(self, seconds: float | None) -> int | None:
        poll = select.poll()
        poll.register(self._pipe, select.POLLIN)
        if self.returncode is None and poll.poll(None if seconds is None else seconds * 1000):
            with self._lock:
                if self.returncode is None:
                    self.returncode = self._read()
        return self.returncode

    def _read(self) -> int:
        line = b""
        while not line.endswith(b"\n"):
            byte = os.read(self._pipe, 1)
            if not byte:
                raise RuntimeError("tests.forking has ended")
            line += byte
        return int(line)


class _Forking:
    """The program that forks, from the first launch on."""

    def __init__(self) -> None:
        self._control: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def launch(self, module: str, environment: dict[str, str], log: IO[bytes]) -> Process:
        if self._control is None:
            self._control = self._start()
        words = json.dumps([module, environment, os.getcwd()]).encode()
        ours, theirs = os.pipe()
        try:
            socket.send_fds(self._control, [words], [log.fileno(), theirs])
        finally:
            os.close(theirs)
        return Forked(ours)

    def _start(self) -> socket.socket:
        # Each request is one message.
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            number = theirs.fileno()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.forking", str(number)],
                cwd=ROOT,
                env=_AT_FIRST,
                stdout=subprocess.DEVNULL,
                pass_fds=[number],
            )
        return ours

    def end(self) -> None:
        """With all that it has forked."""
        if self._control is not None and self._process is not None:
            self._control.close()
            self._process.wait()


def _inherited() -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("CHAT_")}
    return ours | {"PYTHONFAULTHANDLER": "1"}  # so SIGABRT shows where it is


def _interpreter(environment: Mapping[str, str]) -> dict[str, str]:
    """What only Python's own start heeds."""
    return {k: v for k, v in environment.items() if k.startswith("PYTHON") and k != "PYTHONPATH"}


_AT_FIRST = _inherited()
_forking: Iterator[_Forking] | None = None
