"""A forked program begins and ends as one that is started the long way."""

from __future__ import annotations

import itertools
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests import launching
from tests.launching import Process, launch

MODULE = "of_this_test"
FOREVER = "import time\nprint('ready', flush=True)\ntime.sleep(60)"


@pytest.fixture(scope="module")
def forking() -> Iterator[launching._Forking]:
    forking = launching._Forking()
    yield forking
    forking.end()


@pytest.fixture(params=["started", "forked"])
def folder(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    forking: launching._Forking,
) -> Path:
    """Where a program works, which is started the long way or forked."""
    forked = itertools.repeat(forking) if request.param == "forked" else None
    monkeypatch.setattr(launching, "_forking", forked)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def start(folder: Path, text: str, **variables: object) -> Process:
    (folder / f"{MODULE}.py").write_text(text)
    with (folder / "log").open("ab") as log:
        return launch(MODULE, variables, log)


def outcome(folder: Path, text: str, **variables: object) -> tuple[int, str]:
    code = start(folder, text, **variables).wait(30)
    return code, (folder / "log").read_text()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("print('done')", 0, "done\n"),
        ("raise SystemExit", 0, ""),
        ("raise SystemExit(3)", 3, ""),
        ("raise SystemExit('no such thing')", 1, "no such thing\n"),
        ("import atexit\natexit.register(print, 'last words')", 0, "last words\n"),
        ("import os\nos._exit(7)", 7, ""),
        ("import os\nos.kill(os.getpid(), 9)", -signal.SIGKILL, ""),
    ],
)
def test_it_ends_as_it_says(folder: Path, text: str, code: int, says: str) -> None:
    assert outcome(folder, text) == (code, says)


def test_an_exception_that_nobody_catches_is_shown(folder: Path) -> None:
    code, says = outcome(folder, "def falls():\n    1 / 0\nfalls()")
    assert code == 1
    assert "in falls" in says
    assert says.endswith("ZeroDivisionError: division by zero\n")


def test_it_has_the_folder_and_the_variables_of_its_start(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAT_KEY", "of the tests")
    monkeypatch.setenv("COLOUR", "blue")
    text = "import os\nprint(os.getcwd(), os.environ.get('CHAT_KEY'), os.environ['COLOUR'])"
    assert outcome(folder, text) == (0, f"{folder} None blue\n")
    (folder / "log").unlink()
    assert outcome(folder, text, CHAT_KEY=5) == (0, f"{folder} 5 blue\n")


def test_it_has_no_files_of_others(folder: Path) -> None:
    text = "import os\nprint(sorted(map(int, os.listdir('/proc/self/fd')))[:-1])"
    assert outcome(folder, text) == (0, "[0, 1, 2]\n")


def test_signals_reach_it(folder: Path) -> None:
    text = f"import signal\nsignal.signal(15, lambda *_: exit(5))\n{FOREVER}"
    process = start(folder, text)
    until(lambda: (folder / "log").read_text() == "ready\n")
    assert process.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.01)
    process.terminate()
    assert process.wait(30) == 5
    assert process.poll() == process.returncode == 5
    process.kill()  # nobody is there any more


def test_ctrl_c_interrupts_it_and_an_abort_shows_where_it_is(folder: Path) -> None:
    for number, words in (
        (signal.SIGINT, "KeyboardInterrupt"),
        (signal.SIGABRT, f'{MODULE}.py", line 3 in'),
    ):
        (folder / "log").unlink(missing_ok=True)
        process = start(folder, FOREVER)
        until(lambda: (folder / "log").read_text() == "ready\n")
        process.send_signal(number)
        assert process.wait(30) == -number
        assert words in (folder / "log").read_text()


def test_two_do_not_draw_the_same_numbers(folder: Path) -> None:
    text = "import random\nprint(random.random())"
    outcome(folder, text)
    _, says = outcome(folder, text)
    one, other = says.splitlines()
    assert one != other


def test_what_was_forked_ends_with_what_forks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forking = launching._Forking()
    monkeypatch.setattr(launching, "_forking", itertools.repeat(forking))
    monkeypatch.chdir(tmp_path)
    process = start(tmp_path, FOREVER)
    until(lambda: (tmp_path / "log").read_text() == "ready\n")
    forking.end()
    until(lambda: not psutil.pid_exists(process.pid))


def test_it_finds_modules_where_it_is_told_to(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "more").mkdir()
    (folder / "more" / "colours.py").write_text("BLUE = 5")
    monkeypatch.setenv("PYTHONPATH", f"/nowhere:{folder / 'more'}")
    assert outcome(folder, "import colours\nprint(colours.BLUE)") == (0, "5\n")


def test_a_python_that_is_configured_otherwise_is_started_the_long_way(
    forking: launching._Forking, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(launching, "_forking", itertools.repeat(forking))
    monkeypatch.setenv("PYTHONDEVMODE", "1")
    process = start(tmp_path, "import sys\nprint(sys.flags.dev_mode)")
    assert isinstance(process, subprocess.Popen)
    assert process.wait(30) == 0
    assert (tmp_path / "log").read_text() == "True\n"
