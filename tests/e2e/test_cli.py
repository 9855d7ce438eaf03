"""The command `chatcluster`, as it is installed, in processes of its own."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from chat_local.plan import ports
from chat_local.ports import check_free
from chat_local.run_settings import RunSettings
from chatcluster.runtime.lifecycle import StartError
from chatcluster.runtime.settings import load
from tests.servers import free_port

COMMAND = Path(sys.executable).parent / "chatcluster"


class Cli:
    """Runs the command with variables and folders of its own, and finds what it leaves running."""

    def __init__(self, folder):
        self.folder = folder
        clean = {name: value for name, value in os.environ.items() if name[:5] != "CHAT_"}
        self._environment = {
            **clean,
            "TMPDIR": str(folder),
            "XDG_RUNTIME_DIR": str(folder),
            "COLUMNS": "100",
        }

    def start(self, *arguments, **variables):
        return subprocess.Popen(
            [str(COMMAND), *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            env={**self._environment, **variables},
        )

    def run(self, *arguments, **variables):
        """Exit code, standard output and standard error."""
        with self.start(*arguments, **variables) as process:
            try:
                output, errors = process.communicate(timeout=15)
            finally:
                process.kill()
        return process.returncode, output, errors

    def left(self):
        """The processes that it started, or that those did, and that still run."""
        return [process.pid for process in psutil.process_iter() if self._is_ours(process)]

    def wait_until_nothing_is_left(self, seconds):
        deadline = time.monotonic() + seconds
        while self.left() and time.monotonic() < deadline:
            time.sleep(0.05)
        return self.left()

    def _is_ours(self, process):
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            # Nobody else works in this folder. (Valkey overwrites its variables with its title.)
            return Path(process.cwd()).is_relative_to(self.folder)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return False


@pytest.fixture
def cli(tmp_path):
    cli = Cli(tmp_path)
    yield cli
    for pid in cli.left():
        os.kill(pid, signal.SIGKILL)


@pytest.fixture
def taken():
    """A port on which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def port():
    """The first of ports that are free for a whole cluster."""
    while True:
        first = random.randint(20_000, 30_000)
        try:
            check_free(ports(load(RunSettings, port=first)))
        except StartError:
            continue
        return first


def refused(outcome):
    """The one line on standard error of a command that did not start."""
    code, _, errors = outcome
    assert code == 2, errors
    assert errors.startswith("chatcluster: ")
    assert errors.count("\n") == 1
    assert "Traceback" not in errors
    return errors


def test_the_commands_are_listed_when_none_is_given(cli):
    code, output, _ = cli.run()
    assert code == 0
    assert all(name in output for name in ("run", "gateway", "hub", "status"))


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
        (["gateway", "--mode", "pigeon"], "--mode='pigeon': Input should be 'isolated'"),
        (["run", "--mode", "pigeon"], "--mode='pigeon': Input should be 'isolated'"),
        (["gateway", "--port", "http"], "--port='http'"),
        (["hub", "--port", "70000"], "--port='70000'"),
        (["run", "--gateways", "0"], "--gateways='0'"),
        (["gateway", "--mode", "adapter", "--history", "memory"], "history: 'memory'"),
        (["gateway", "--colour"], "No such option"),
        (["gatway"], "No such command 'gatway'"),
        (["status"], "no cluster runs on this machine"),
        (["status", "--admin", "nonsense"], "--admin='nonsense'"),
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


@contextmanager
def cluster(cli, port, *options):
    """A running cluster, with what it said until Ctrl-C is named."""
    process = cli.start("run", "--port", port, *options)
    try:
        said = []
        for line in process.stdout:
            said.append(line)
            if "Ctrl-C" in line:
                break
        else:
            pytest.fail("".join(said) + process.stderr.read())
        yield process, "".join(said)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.communicate(timeout=15)


def gateways(cli):
    """What `status` says, by name."""
    code, output, errors = cli.run("status", "--json")
    assert code == 0, errors
    return {row["name"]: row for row in json.loads(output)}


def test_one_command_runs_a_cluster_and_ctrl_c_ends_all_of_it(cli, port):
    with cluster(cli, port) as (process, said):
        for name in ("valkey", "hub", "gateway-1", "gateway-2"):
            assert re.search(rf"^{name} .*pid [0-9]+$", said, re.MULTILINE)
        assert f"http://127.0.0.1:{port + 1}" in said
        seen = gateways(cli)
        assert [(row["state"], row["mode"]) for row in seen.values()] == [("ready", "adapter")] * 2
        assert len(cli.left()) == 5
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 0
    assert cli.left() == []
    assert list(cli.folder.glob("chatcluster-run-*")) == []
    refused(cli.run("status"))


def test_sigterm_while_it_starts_ends_all_of_it(cli, port):
    process = cli.start("run", "--port", port)
    assert process.stdout.readline().startswith("valkey")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=10)
    assert process.returncode == 0
    assert cli.left() == []


def test_a_gateway_that_dies_comes_back(cli, port):
    with cluster(cli, port) as (process, said):
        found = re.search(r"^gateway-1 .*pid ([0-9]+)$", said, re.MULTILINE)
        assert found is not None
        os.kill(int(found[1]), signal.SIGKILL)
        assert "gateway-1   was ended by SIGKILL; starts again in" in process.stdout.readline()
        assert re.match(rf"gateway-1 +http://127.0.0.1:{port} +pid ", process.stdout.readline())
        assert gateways(cli)["gateway-1"]["state"] == "ready"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends the children of the killed")
def test_nothing_outlives_a_run_that_is_killed_and_the_next_one_clears_up(cli, port):
    with cluster(cli, port) as (process, _):
        process.kill()
        assert cli.wait_until_nothing_is_left(5) == []
    assert len(list(cli.folder.glob("chatcluster-run-*"))) == 1
    refused(cli.run("status"))
    with socket.create_server(("127.0.0.1", port)):
        refused(cli.run("run", "--port", port))
    assert list(cli.folder.glob("chatcluster-run-*")) == []


def test_two_clusters_cannot_use_one_data_folder(cli, port, tmp_path):
    data = tmp_path / "data"
    with cluster(cli, port, "--data", data, "--gateways", 1):
        other = port + 10
        assert "--data" in refused(cli.run("run", "--port", other, "--data", data))
    assert (data / "gateway-1.log").exists()
    assert (data / "valkey").is_dir()
