"""One process that does not outlive us, and what it prints."""

from __future__ import annotations

import asyncio
import ctypes
import os
import pwd
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections import deque
from collections.abc import Callable
from pathlib import Path

from chat_local.plan import Program

_LINE_LIMIT = 1_048_576
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class Child:
    """A running *program*. Its output goes to the file *log*, and line by line to *heard*."""

    def __init__(self, program: Program, process: Process, log: Path, heard: Callable[[str], None]):
        self.program = program
        self.last: deque[str] = deque(maxlen=20)  # its latest lines
        self._process = process
        self._ended = asyncio.create_task(self._watch(log, heard), name=f"{program.name} output")

    @classmethod
    async def start(cls, program: Program, log: Path, heard: Callable[[str], None]) -> Child:
        """Start it; when this is cancelled, nothing runs. Raises OSError when it cannot be run."""
        spawning = asyncio.create_task(_spawn(program))
        try:
            process = await asyncio.shield(spawning)
        except asyncio.CancelledError:
            process = await spawning
            process.kill()
            await process.communicate()
            raise
        return cls(program, process, log, heard)

    @property
    def pid(self) -> int:
        return self._process.pid

    async def wait(self) -> int:
        """Its exit code, or minus the signal that ended it, once all it printed is in the log."""
        return await asyncio.shield(self._ended)

    def send(self, number: signal.Signals) -> None:
        """Send a signal; nothing happens when it has ended."""
        if self._process.returncode is None:
            self._process.send_signal(number)

    async def stop(self) -> int:
        """Ask it to end, and make it after the program's grace; returns what `wait` does."""
        self.send(self.program.asking)
        try:
            async with asyncio.timeout(self.program.grace):
                return await self.wait()
        except TimeoutError:
            self.send(signal.SIGKILL)
            return await self.wait()

    async def _watch(self, log: Path, heard: Callable[[str], None]) -> int:
        assert self._process.stdout is not None
        with log.open("ab", buffering=0) as file:
            while line := await _line(self._process.stdout):
                file.write(line)
                text = line.decode(errors="replace").rstrip("\n")
                self.last.append(text)
                heard(text)
        return await self._process.wait()


def how(code: int) -> str:
    """What an exit code says, as the end of a sentence."""
    if code >= 0:
        return f"ended with code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"


async def _spawn(program: Program) -> Process:
    parent = os.getpid()
    account = None if program.user is None else pwd.getpwnam(program.user)

    def prepare() -> None:  # in the new process
        if account is not None:
            _become(account)
        _die_with(parent)  # a change of the user would undo it

    return await asyncio.create_subprocess_exec(
        *program.command,
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=STDOUT,
        env={**os.environ, **program.environment},
        limit=_LINE_LIMIT,
        # Ctrl-C at the terminal is for us alone: we end the programs in their order.
        start_new_session=True,
        preexec_fn=prepare,
    )


async def _line(stream: asyncio.StreamReader) -> bytes:
    try:
        return await stream.readline()
    except ValueError:  # longer than the limit; it is dropped, and the next one can be read
        return b"(a line that was too long)\n"


def _become(account: pwd.struct_passwd) -> None:
    # By hand, since uvloop has no parameter for it.
    os.setgroups([])
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)


def _die_with(parent: int) -> None:
    """Let the kernel end it when its parent ends, however that happens."""
    if _libc is None:  # only Linux has this; elsewhere only a killed parent leaves programs behind
        return
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before we asked
        os._exit(1)
