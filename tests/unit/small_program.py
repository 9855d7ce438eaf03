"""A process that begins and ends as our programs do, and does what its test says."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager

BEGIN = """
import asyncio, sys, time
from chatcluster.runtime.admin import AdminServer
from chatcluster.runtime.lifecycle import StartError, run, stop_signal
from chatcluster.runtime.metrics import Metrics
from chatcluster.runtime.settings import GatewaySettings, load

def say(line):
    print(line, flush=True)
"""


@contextmanager
def running(main: str) -> Iterator[subprocess.Popen[str]]:
    """*main* is text that defines a coroutine function of this name."""
    text = f"{BEGIN}\n{textwrap.dedent(main)}\nsys.exit(run(main()))"
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", text],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def ready(process: subprocess.Popen[str]) -> None:
    """Return when it has said so."""
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
