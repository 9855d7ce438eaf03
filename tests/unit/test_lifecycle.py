"""How programs begin and end, seen from outside: each test runs a real process."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import textwrap

import pytest

from chatcluster.runtime.lifecycle import shown

BEGIN = """
import asyncio, sys, time
from chatcluster.runtime.admin import AdminServer
from chatcluster.runtime.lifecycle import StartError, run, stop_signal
from chatcluster.runtime.metrics import Metrics
from chatcluster.runtime.settings import GatewaySettings, load

def say(line):
    print(line, flush=True)
"""


@pytest.fixture
def program():
    """Start a process that runs `main` as given; it does not outlive the test."""
    started = []

    def start(main):
        text = f"{BEGIN}\n{textwrap.dedent(main)}\nsys.exit(run(main()))"
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", text],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


WAITS = """
    async def main():
        with stop_signal() as stop:
            say("ready")
            await stop.wait()
            say("stopping")
"""


def ready(process):
    assert process.stdout.readline() == "ready\n"


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


SOON = """
        from chatcluster.runtime import leaving, lifecycle, logs
        lifecycle.LEAVE_SECONDS = 0.3
        logs.configure("info", "json")
"""


def test_what_does_not_leave_in_time_says_what_it_waits_for_and_ends(program):
    process = program(
        SOON
        + """
        async def stubborn():
            while True:
                try:
                    await asyncio.sleep(60)
                except asyncio.CancelledError:
                    pass

        async def main():
            keeper = asyncio.create_task(stubborn(), name="keeper")
            with stop_signal(0.2) as stop:
                say("ready")
                await stop.wait()
            keeper.cancel()
            await keeper
        """
    )
    ready(process)
    process.send_signal(signal.SIGTERM)
    output, errors = process.communicate(timeout=15)
    assert errors == ""
    line = json.loads(output)
    assert (line["level"], line["event"], line["seconds"]) == ("critical", "not_left", 0.5)
    [keeper] = [waiting for waiting in line["waiting"] if waiting.startswith("keeper: ")]
    assert re.fullmatch(r"keeper: stubborn \(<string>:\d+\) > sleep \(tasks.py:\d+\)", keeper)
    assert process.returncode == 1


def test_what_does_not_leave_since_its_event_loop_stands_still_says_where_and_ends(program):
    process = program(
        SOON
        + """
        def stands_still():
            time.sleep(60)

        async def main():
            with stop_signal(0) as stop:
                say("ready")
                await stop.wait()
                stands_still()
        """
    )
    ready(process)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=15)
    assert "in stands_still" in errors
    assert process.returncode == 1


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
