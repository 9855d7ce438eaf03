"""A test that hangs fails, wherever it hangs, and the others go on: runs of pytest in processes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

TOY = """
import time
import pytest

@pytest.fixture
def hangs_at_its_end():
    yield
    time.sleep(60)

@pytest.fixture
def ends():
    yield
    print("ended")

@pytest.fixture
def hangs():
    time.sleep(60)

def test_set_up(hangs): pass
def test_call(): time.sleep(60)
def test_tear_down(ends, hangs_at_its_end): pass
def test_tear_down_after_a_failure(ends, hangs_at_its_end): assert False
def test_slow_report(): assert False
def test_report_that_fails(): pass
def test_well(): pass
"""
# As a plugin that works long on the report of a test that has taken long as well.
SLOW_REPORT = """
import time
import pytest

@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    if item.name == "test_slow_report":
        time.sleep(0.8)
    yield
    if item.name == "test_report_that_fails" and call.when == "call":
        raise SystemError("a defect")
"""


INI = """
[pytest]
timeout = 0.5
filterwarnings = error
asyncio_default_fixture_loop_scope = function
"""


@pytest.mark.parametrize("how", [(), ("-n", "2")], ids=["one process", "several"])
def test_an_alarm_fails_one_test_and_the_run_goes_on(tmp_path: Path, how: tuple[str, ...]) -> None:
    (tmp_path / "test_toy.py").write_text(TOY)
    (tmp_path / "conftest.py").write_text(SLOW_REPORT)
    (tmp_path / "pytest.ini").write_text(INI)
    plugins = ("-p", "no:randomly", "-p", "no:cacheprovider", "-p", "tests.alarm")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *plugins, *how, "-rA", "--basetemp", tmp_path / "base"],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    outcomes = re.findall(r"^(PASSED|FAILED|ERROR) .*::test_(\w+)(.*Timeout)?", done.stdout, re.M)
    assert sorted(outcomes) == sorted(
        [
            ("ERROR", "set_up", " - Failed: Timeout"),
            ("ERROR", "tear_down", " - Failed: Timeout"),
            ("ERROR", "tear_down_after_a_failure", " - Failed: Timeout"),
            ("FAILED", "call", " - Failed: Timeout"),
            ("FAILED", "report_that_fails", ""),
            ("FAILED", "slow_report", ""),
            ("FAILED", "tear_down_after_a_failure", ""),
            ("PASSED", "tear_down", ""),
            ("PASSED", "well", ""),
        ]
    ), done.stdout
    assert done.stdout.count("ended\n") == 2
