"""What the programs of tests say when they fail a test."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests import gateways
from tests.gateways import Program

DEAF = """
import signal, time

def hears_nothing():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("deaf", flush=True)
    time.sleep(60)

hears_nothing()
"""


def test_a_program_that_does_not_leave_says_what_it_said_and_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "deaf.py").write_text(DEAF)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(gateways, "STOP_SECONDS", 0.1)
    program = Program("deaf", tmp_path / "log")
    program.start(wait=False)
    try:
        deadline = time.monotonic() + 15
        while program.output() != "deaf\n":
            assert time.monotonic() < deadline
            time.sleep(0.02)
        with pytest.raises(AssertionError, match=r"(?s)does not leave:\ndeaf\n.*in hears_nothing"):
            program.stop()
        assert program.process is None
    finally:
        program.kill()
