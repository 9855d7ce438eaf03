"""Fixtures that every test may use."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.launching import fork_from_now_on
from tests.servers import Valkey

pytest_plugins = ["tests.alarm", "tests.sharing_out"]

# On a busy machine it is the machine that is slow.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


def pytest_configure() -> None:
    """Programs are forked, which tests the same in less time.

    Whoever started us may ignore these signals (`nohup`, a background job), and so would the
    programs that tests start and stop."""
    for number, handler in (
        (signal.SIGINT, signal.default_int_handler),
        (signal.SIGHUP, signal.SIG_DFL),
    ):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, handler)
    fork_from_now_on()


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """A Valkey shared by the whole run: use keys and channels of your own, and leave it running."""
    server = Valkey(tmp_path_factory.mktemp("valkey"), appendonly="no")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def own_valkey(tmp_path: Path) -> Iterator[Valkey]:
    """A Valkey for this test alone, to be killed, paused and restarted."""
    folder = tmp_path / "valkey"
    folder.mkdir()
    server = Valkey(folder)
    server.start()
    yield server
    server.stop()
