"""The example of a mode in a package of its own passes the contract suite."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "nats-mode"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_its_own_tests_pass() -> None:
    done = subprocess.run(
        [EXAMPLE / "test.sh", "-q"],
        env={**os.environ, "PYTHON": sys.executable},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
