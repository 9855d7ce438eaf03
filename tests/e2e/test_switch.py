"""`chatcluster switch`: the fan-out of a running cluster is changed with one command."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from urllib.request import urlopen

import pytest
import socketio

from tests.documented import executed
from tests.e2e.command import COMMAND, Cli, refused
from tests.e2e.conftest import free_for_a_cluster
from tests.postgres_server import open_up, programs

pytestmark = [pytest.mark.slow, pytest.mark.timeout(90)]


class Cluster:
    """What `chatcluster run` runs, with a worker, for all tests of this module."""

    def __init__(self, cli, port):
        self.cli = cli
        self.port = port

    @property
    def run(self):
        """What it tells its user's other processes."""
        return json.loads(self.run_file.read_text())

    @property
    def run_file(self):
        [file] = (self.cli.folder / f"chatcluster-{os.getuid()}").iterdir()
        return file

    @property
    def admins(self):
        return {one["name"]: one["admin"] for one in self.run["programs"] if one["admin"]}

    def pid(self, name):
        return next(one["pid"] for one in self.run["programs"] if one["name"] == name)

    def switch(self, *arguments, **variables):
        """What it said; it has to succeed."""
        code, output, errors = self.cli.run("switch", *arguments, seconds=60, **variables)
        assert code == 0, output + errors
        return output

    def fanouts(self):
        """Mode and epoch of each gateway; None if it does not answer."""
        return [self._fanout(self.admins[name]) for name in ("gateway-1", "gateway-2")]

    def _fanout(self, admin):
        try:
            with urlopen(f"{admin}/stats", timeout=5) as answer:
                fanout = json.load(answer)["fanout"]
        except OSError:
            return None
        return fanout["mode"], fanout["epoch"]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    cli, port = Cli(tmp_path_factory.mktemp("switch")), free_for_a_cluster()
    programs()
    open_up(cli.folder / "its data")  # `nobody` can get at what Postgres needs
    process = cli.start("run", "--port", port, "--workers", 1)
    try:
        for line in process.stdout:
            if "Ctrl-C" in line:
                break
        else:
            pytest.fail(process.stderr.read())
        yield Cluster(cli, port)
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert cli.left() == []


@pytest.fixture
def in_force(cluster):
    """The epoch in which redis is in force on all of it."""
    [(mode, epoch), _] = cluster.fanouts()
    return epoch if mode == "redis" else json.loads(cluster.switch("redis", "--json"))["epoch"]


@contextmanager
def two_in_one_room(cluster):
    with socketio.SimpleClient() as one, socketio.SimpleClient() as two:
        for client, port in ((one, cluster.port), (two, cluster.port + 1)):
            client.connect(f"http://127.0.0.1:{port}", transports=["websocket"])
            client.call("join", "tea")
        yield one, two


def says(client, text):
    assert "id" in client.call("chat message", {"message": text, "room": "tea"})


def hears(client):
    while (event := client.receive(timeout=10))[0] != "chat message":
        pass
    return event[1]["message"]


@pytest.fixture
def silent():
    """The address of a Redis that takes connections and never says anything."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"redis://:secret@127.0.0.1:{server.getsockname()[1]}/0"


def test_the_command_of_the_readme_says_what_it_says_there(cluster, in_force):
    block = executed("README.md", "chatcluster switch hub")
    said = cluster.switch(*block.script.split()[2:])
    assert re.findall(r"^\w+ing", said, re.M) == re.findall(r"^\w+ing", block.text, re.M) != []


@pytest.mark.parametrize("target", ["adapter:streams", "postgres"])
def test_people_chat_on_while_the_mode_is_changed(cluster, in_force, target):
    with two_in_one_room(cluster) as (one, two):
        says(one, "before")
        said = cluster.switch(target).splitlines()
        says(two, "after")
        assert [hears(client) for client in (one, two, one, two)] == [
            "before",
            "before",
            "after",
            "after",
        ]
    phases = [line.partition(",")[0] for line in said if ", epoch " in line][:-1]
    assert phases == ["preparing", "committing", "finishing"]
    assert re.fullmatch(
        rf"{target} is in force on 2 gateways and 1 worker, epoch \d+, in \d+\.\d s\.", said[-1]
    )
    assert ("Postgres runs now." in said) is (target == "postgres")


def test_what_is_in_force_already_is_said(cluster, in_force):
    said = cluster.switch("redis")
    assert said == (f"redis is in force on 2 gateways and 1 worker, epoch {in_force}, already.\n")


def test_a_gateway_that_is_killed_afterwards_comes_back_in_the_mode_in_force(cluster, in_force):
    killed = cluster.pid("gateway-2")
    os.kill(killed, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while cluster.pid("gateway-2") == killed:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert cluster.fanouts() == [("redis", in_force)] * 2


def test_a_target_that_does_not_work_changes_nothing_and_is_named(cluster, in_force):
    option = ("--option", "redis_url=redis://:secret@127.0.0.1:1/0")
    code, output, errors = cluster.cli.run("switch", "redis", *option, seconds=60)
    assert code == 1, errors
    assert "Called off, nothing has changed and redis stays in force: " in output
    assert "127.0.0.1:1" in output
    assert "secret" not in output
    assert cluster.fanouts() == [("redis", in_force)] * 2


def test_a_target_that_does_not_answer_in_time_changes_nothing(cluster, in_force, silent):
    options = ("--option", f"redis_url={silent}", "--timeout", 1, "--json")
    code, output, errors = cluster.cli.run("switch", "redis", *options, seconds=60)
    assert code == 1, errors
    said = json.loads(output)
    assert said["outcome"] == "called off"
    assert said["reason"] == "gateway-1, gateway-2, worker-1: not ready within 1 s"
    assert "secret" not in output
    assert cluster.fanouts() == [("redis", in_force)] * 2


def test_a_gateway_that_hangs_calls_it_off(cluster, in_force):
    pid = cluster.pid("gateway-2")
    os.kill(pid, signal.SIGSTOP)
    try:
        code, output, _ = cluster.cli.run("switch", "hub", seconds=60)
    finally:
        os.kill(pid, signal.SIGCONT)
    assert code == 1
    assert "gateway-2 does not answer (no answer within 2 s)" in output
    assert cluster.fanouts() == [("redis", in_force)] * 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "killed"])
def test_one_that_is_interrupted_is_taken_further_or_back(cluster, in_force, silent, number):
    with cluster.cli.start("switch", "redis", "--option", f"redis_url={silent}") as process:
        assert process.stdout.readline().startswith("preparing")
        process.send_signal(number)
        said, _ = process.communicate(timeout=30)
    if number is signal.SIGINT:
        assert process.returncode == 130
        assert "Interrupted, nothing has changed yet." in said
        assert "`chatcluster switch redis` goes back." in said
        assert f"epoch {in_force}" in cluster.switch("redis")
        assert cluster.fanouts() == [("redis", in_force)] * 2
    else:
        assert "hub is in force" in cluster.switch("hub")


def test_in_a_terminal_each_gateway_has_a_row_that_changes(cluster, in_force):
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [str(COMMAND), "switch", "hub"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=cluster.cli.environment,
    ) as process:
        os.close(theirs)
        shown = b""
        while part := read_some(ours):
            shown += part
        assert process.wait(timeout=30) == 0
    os.close(ours)
    for word in (b"prepar", b"gateway-2", b"worker-1", b"in force on 2 gateways and 1 worker"):
        assert word in shown


def read_some(terminal):
    try:
        return os.read(terminal, 4096)
    except OSError:  # Linux says so when nobody writes to it any more
        return b""


def test_named_gateways_want_the_token(cluster, in_force):
    """Without it, somebody else on this machine could change their fan-out."""
    admins = [admin for name, admin in cluster.admins.items() if name != "hub"]
    arguments = [part for admin in admins for part in ("--admin", admin)]
    assert "CHAT_ADMIN_TOKEN" in refused(cluster.cli.run("switch", "hub", *arguments))
    token = cluster.run["token"]
    said = cluster.switch("hub", *arguments, CHAT_ADMIN_TOKEN=token)
    assert "hub is in force on 3 gateways, epoch " in said


def test_only_its_user_can_read_the_token(cluster):
    assert cluster.run_file.stat().st_mode & 0o777 == 0o600
