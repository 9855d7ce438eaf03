"""The command `chatcluster` and ports for it."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.command import Cli
from tests.servers import free_port

# What `run` takes above its --port: gateways, hub, and the admin servers of both.
ABOVE = (0, 1, 100, 1000, 1001, 1100)


@pytest.fixture
def cli(tmp_path: Path) -> Iterator[Cli]:
    """The command; nothing that it starts outlives the test."""
    command = Cli(tmp_path)
    yield command
    for pid in command.left():
        os.kill(pid, signal.SIGKILL)


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody else listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def port() -> int:
    """A port for `run`: free, with all that it takes above it."""
    for _ in range(100):
        first = free_port()
        if first + ABOVE[-1] < 65536 and all(_is_free(first + above) for above in ABOVE):
            return first
    raise AssertionError("no such port was found")


def _is_free(port: int) -> bool:
    try:
        with socket.create_server(("127.0.0.1", port)):
            return True
    except OSError:
        return False
