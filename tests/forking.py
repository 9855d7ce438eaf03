"""A program that has imported ours, and forks a process for each start that tests ask for.

Most of what a start costs are the imports, and the tests start hundreds of programs. Run by
`tests.launching`, with the number of a socket on which a request is a JSON object and two files:
what becomes standard output and error, and a pipe for what becomes of the process, its number and
then how it ended (as of `Popen.returncode`). When the socket is closed, all of them end.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
from contextlib import suppress
from typing import NamedTuple

PROGRAMS = ("chat_gateway", "chat_hub", "chat_worker")
# What they import once they know their settings.
LATER = ("chatcluster.chat.fanouts",)
LONGEST = 1 << 17  # bytes of a request
MANY = 1 << 20  # files
PR_SET_PDEATHSIG = 1  # prctl(2)


class Request(NamedTuple):
    """A process to be."""

    module: str
    environment: dict[str, str]
    folder: str
    log: int


def main() -> None:
    for module in (*(f"{program}.main" for program in PROGRAMS), *LATER):
        importlib.import_module(module)
    assert len(os.listdir("/proc/self/task")) == 1, "a thread would not be in a forked process"
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever started us
    gc.freeze()  # what is imported stays shared
    request = served(socket.socket(fileno=int(sys.argv[1])))
    if request is not None:
        become(request)


def served(control: socket.socket) -> Request | None:
    """Serve until the socket is closed. Returns in each new process, too: what it is to run."""
    parent = os.getpid()
    running: dict[int, tuple[int, int]] = {}  # process and pipe, by what tells its end
    poll = select.poll()
    poll.register(control, select.POLLIN)
    while True:
        for ready, _ in poll.poll():
            if ready in running:
                poll.unregister(ready)
                os.close(ready)
                _report(*running.pop(ready))
                continue
            words, files, _, _ = socket.recv_fds(control, LONGEST, 2)
            if not words:
                return None
            log, pipe = files
            process = os.fork()
            if not process:
                _end_with(parent)
                control.detach()
                module, environment, folder = json.loads(words)
                return Request(module, environment, folder, log)
            os.write(pipe, b"%d\n" % process)
            os.close(log)
            end = os.pidfd_open(process)
            running[end] = process, pipe
            poll.register(end, select.POLLIN)


def _report(process: int, pipe: int) -> None:
    _, status = os.waitpid(process, 0)
    with suppress(BrokenPipeError):  # nobody wants to know
        os.write(pipe, b"%d\n" % os.waitstatus_to_exitcode(status))
    os.close(pipe)


def _end_with(parent: int) -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it has ended meanwhile
        os._exit(1)


def become(request: Request) -> None:
    """As `python -m` would; how it ends is this program's end."""
    for output in (1, 2):
        os.dup2(request.log, output)
    os.closerange(3, MANY)
    os.environ.clear()
    os.environ.update(request.environment)
    os.chdir(request.folder)
    path = request.environment.get("PYTHONPATH", "")
    sys.path[:1] = [request.folder, *filter(None, path.split(os.pathsep))]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = [request.module]
    runpy.run_module(request.module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
