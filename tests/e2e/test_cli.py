"""What the command `chatcluster` says, above all when something is wrong."""

from __future__ import annotations

import os
import pty
import signal
import socket
import subprocess

import pytest

from tests.e2e.command import COMMAND, refused
from tests.servers import free_port


def test_the_commands_are_listed_when_none_is_given(cli):
    code, output, _ = cli.run()
    assert code == 0
    assert all(name in output for name in ("run", "gateway", "hub", "status", "switch"))


def test_every_option_is_described(cli):
    code, output, _ = cli.run("gateway", "--help")
    assert code == 0
    assert "Where the room log is kept" in output
    assert "CHAT_ADMIN_PORT" in output


def test_secrets_are_no_options(cli):
    """Other users of the machine can read a command line."""
    assert "--hub-token" not in cli.run("hub", "--help")[1]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (
            ["gateway", "--mode", "pigeon"],
            "--mode='pigeon': no such mode is installed; there are: adapter, hub",
        ),
        (
            ["run", "--mode", "pigeon"],
            "--mode='pigeon': no such mode is installed; there are: adapter, hub",
        ),
        (["gateway", "--port", "http"], "--port='http'"),
        (["hub", "--port", "70000"], "--port='70000'"),
        (["run", "--gateways", "0"], "--gateways='0'"),
        (["gateway", "--mode", "adapter", "--history", "memory"], "history: 'memory'"),
        (["gateway", "--colour"], "No such option"),
        (["gatway"], "No such command 'gatway'"),
        (["restored"], "history 'memory' has no backup"),
        (["restored", "--history", "off"], "history 'off' has no backup"),
        (
            ["restored", "--history", "redis", "--redis-url", "redis://:secret@127.0.0.1:1/0"],
            "history redis: no answer from Redis at redis://***@127.0.0.1:1/0",
        ),
        (
            ["restored", "--history", "postgres", "--postgres-dsn", "postgresql://127.0.0.1:1/x"],
            "history postgres: no answer from Postgres at postgresql://127.0.0.1:1/x",
        ),
        (["status"], "no cluster runs on this machine"),
        (["status", "--admin", "nonsense"], "--admin='nonsense'"),
        (["switch"], "Missing argument 'MODE'"),
        (["switch", "redis"], "no cluster runs on this machine"),
        (["switch", "pigeon"], "'pigeon': no such mode is installed; there are: adapter, hub"),
        (["switch", "redis", "--option", "colour=red"], "colour is not a setting of a fan-out"),
        (["switch", "redis", "--timeout", "0"], "--timeout"),
        (["switch", "redis", "--admin", "nonsense"], "--admin='nonsense'"),
        (["switch", "redis", "--admin", "127.0.0.1:1"], "127.0.0.1:1: nobody listens there"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_is_wrong_is_one_line(cli, arguments, named):
    assert named in refused(cli.run(*arguments))
    assert cli.left() == []


def test_a_wrong_variable_is_named(cli):
    assert "CHAT_DRAIN_SECONDS='soon'" in refused(cli.run("gateway", CHAT_DRAIN_SECONDS="soon"))


@pytest.mark.parametrize("program", ["gateway", "hub"])
@pytest.mark.parametrize("option", ["--port", "--admin-port"])
def test_a_taken_port_is_one_line_that_names_it(cli, taken, program, option):
    other = "--admin-port" if option == "--port" else "--port"
    line = refused(cli.run(program, option, taken, other, 0))
    assert f"127.0.0.1:{taken}" in line
    assert option in line
    assert cli.left() == []


@pytest.mark.parametrize(("mode", "history"), [("adapter", "off"), ("isolated", "redis")])
def test_a_missing_redis_is_one_line_that_names_it_without_its_password(cli, mode, history):
    dead = free_port()
    url = f"redis://:secret@127.0.0.1:{dead}/0"
    arguments = ["--mode", mode, "--history", history, "--port", 0, "--admin-port", 0]
    line = refused(cli.run("gateway", *arguments, "--redis-url", url))
    assert f"127.0.0.1:{dead}" in line
    assert "secret" not in line
    assert cli.left() == []


@pytest.mark.parametrize("above", [0, 1, 100, 1000, 1100])
def test_a_cluster_is_not_begun_when_one_of_its_ports_is_taken(cli, port, above):
    with socket.create_server(("127.0.0.1", port + above)):
        line = refused(cli.run("run", "--port", port))
    assert f"127.0.0.1:{port + above}" in line
    assert "--port" in line
    assert cli.left() == []
    assert list(cli.folder.glob("chatcluster-run-*")) == []


def test_status_is_shown_anew_until_ctrl_c():
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [str(COMMAND), "status", "--admin", f"127.0.0.1:{free_port()}"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ) as process:
        shown = b""
        while shown.count(b"nobody listens there") < 2:
            shown += os.read(ours, 4096)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=5) == 0
    os.close(ours)
    os.close(theirs)
    assert b"Traceback" not in shown
