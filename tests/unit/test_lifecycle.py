"""How programs begin and end, seen from outside: each test runs a real process."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
from contextlib import ExitStack

import pytest

from chatcluster.runtime.lifecycle import shown
from tests.unit.small_program import ready, running


@pytest.fixture
def program():
    """Starts processes that run `main` as given; they do not outlive the test."""
    with ExitStack() as stack:
        yield lambda main: stack.enter_context(running(main))


WAITS = """
    async def main():
        with stop_signal() as stop:
            say("ready")
            await stop.wait()
            say("stopping")
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_a_program_in_its_own_time(program, number):
    process = program(WAITS)
    ready(process)
    process.send_signal(number)
    assert process.communicate(timeout=15) == ("stopping\n", "")
    assert process.returncode == 0


def test_a_second_signal_ends_it_at_once(program):
    process = program(
        """
        async def main():
            with stop_signal() as stop:
                say("ready")
                await stop.wait()
                say("stopping")
                await asyncio.sleep(60)
        """
    )
    ready(process)
    process.send_signal(signal.SIGINT)
    assert process.stdout.readline() == "stopping\n"
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=15) == 130


def test_a_second_signal_ends_it_even_when_the_event_loop_stands_still(program):
    process = program(
        """
        async def main():
            with stop_signal():
                say("ready")
                for _ in range(600):
                    time.sleep(0.1)
        """
    )
    ready(process)
    process.send_signal(signal.SIGINT)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=0.3)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=15) == 130


def test_ctrl_c_before_anybody_waits_for_it_ends_without_a_traceback(program):
    process = program(
        """
        async def main():
            say("ready")
            await asyncio.sleep(60)
        """
    )
    ready(process)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=15)[1] == ""
    assert process.returncode == 130


def test_a_wrong_setting_is_one_line_and_code_2(program):
    process = program(
        """
        async def main():
            load(GatewaySettings, port="http")
        """
    )
    _, errors = process.communicate(timeout=15)
    assert errors.count("\n") == 1
    assert "--port='http'" in errors
    assert process.returncode == 2


def test_what_keeps_a_program_from_starting_is_one_line_and_code_2(program):
    process = program(
        """
        async def main():
            raise StartError("Redis does not answer\\n at redis://host:1/0")
        """
    )
    _, errors = process.communicate(timeout=15)
    assert errors == "chatcluster: Redis does not answer at redis://host:1/0\n"
    assert process.returncode == 2


@pytest.mark.parametrize(
    "listen",
    [
        "await asyncio.start_server(print, '127.0.0.1', PORT)",
        "await AdminServer('127.0.0.1', PORT, ready=list, stats=dict, "
        "registry=Metrics().registry).serving().__aenter__()",
    ],
    ids=["any server", "the admin server"],
)
def test_a_taken_port_is_one_line_that_names_it_and_code_2(program, listen):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = program(f"async def main():\n    {listen.replace('PORT', str(port))}")
        _, errors = process.communicate(timeout=15)
    assert errors.count("\n") == 1
    assert str(port) in errors
    assert process.returncode == 2


def test_a_defect_is_logged_with_its_traceback_and_code_1(program):
    process = program(
        """
        from chatcluster.runtime import logs
        async def main():
            logs.configure("info", "json")
            raise LookupError("a defect")
        """
    )
    output, errors = process.communicate(timeout=15)
    assert errors == ""
    line = json.loads(output)
    assert line["event"] == "crashed"
    assert "LookupError: a defect" in line["exception"]
    assert process.returncode == 1


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://127.0.0.1:6379/0", "redis://127.0.0.1:6379/0"),
        ("redis://:secret@host:6379/0", "redis://***@host:6379/0"),
        ("rediss://user:secret@host", "rediss://***@host"),
        ("redis://:sec/r@et@host", "redis://***@host"),
        ("redis://host?db=1&password=secret", "redis://host?db=1&password=***"),
        (
            "unix:///run/valkey.sock?PASSWORD=secret&db=2",
            "unix:///run/valkey.sock?PASSWORD=***&db=2",
        ),
    ],
)
def test_a_url_is_shown_without_its_password(url, expected):
    assert shown(url) == expected
