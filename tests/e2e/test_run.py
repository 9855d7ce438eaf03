"""`chatcluster run`: a cluster with one command, of which nothing is left."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import sys
from contextlib import contextmanager

import pytest
import socketio

from tests.broadcasts import broadcast, takes_broadcasts
from tests.documented import executed
from tests.e2e.command import refused
from tests.gateways import TOKEN
from tests.postgres_server import open_up, programs

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60)]

DOCTOR = executed("docs/operation.md", "chatcluster doctor").script.split()[1:]
TOP = executed("docs/operation.md", "chatcluster top").script.split()[1:]


@contextmanager
def cluster(cli, port, *options, **variables):
    """A running cluster, with what it said until Ctrl-C is named."""
    process = cli.start("run", "--port", port, *options, **variables)
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


def shows_what_it_does(cli):
    """What docs/operation.md has for a cluster on this machine."""
    code, output, errors = cli.run(*DOCTOR, seconds=40)
    assert (code, errors) == (0, "")
    assert "appendfsync everysec" in " ".join(output.split())
    assert output.endswith("looked at 2 gateways, 2 round trips.\n")
    code, output, errors = cli.run(*TOP, "--once", seconds=40, COLUMNS="200")
    assert (code, errors) == (0, "")
    first_words = [line.split()[0] for line in output.splitlines() if line.strip()]
    assert first_words == ["gateway", "gateway-1", "gateway-2", "all", "hub", "hub"]


def test_one_command_runs_a_cluster_and_ctrl_c_ends_all_of_it(cli, port):
    with cluster(cli, port) as (process, said):
        for name in ("valkey", "hub", "gateway-1", "gateway-2"):
            assert re.search(rf"^{name} .*pid [0-9]+$", said, re.MULTILINE)
        assert f"http://127.0.0.1:{port + 1}" in said
        seen = gateways(cli)
        assert [(row["state"], row["mode"]) for row in seen.values()] == [("ready", "adapter")] * 2
        assert len(cli.left()) == 5
        shows_what_it_does(cli)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 0
    assert cli.left() == []
    assert list(cli.folder.glob("chatcluster-run-*")) == []
    refused(cli.run("status"))


def test_with_mode_postgres_it_runs_a_postgres_too(cli, port):
    # Whoever runs the tests, `nobody` can get at what the server needs.
    programs()
    open_up(cli.folder / "its data")
    options = ("--mode", "postgres", "--history", "postgres", "--gateways", 2)
    with cluster(cli, port, *options) as (process, said):
        assert re.search(r"^postgres +postgresql://.*pid [0-9]+$", said, re.MULTILINE)
        with socketio.SimpleClient() as one, socketio.SimpleClient() as two:
            one.connect(f"http://127.0.0.1:{port}", transports=["websocket"])
            two.connect(f"http://127.0.0.1:{port + 1}", transports=["websocket"])
            one.call("join", "tea")
            two.call("join", "tea")
            assert "id" in one.call("chat message", {"message": "hello", "room": "tea"})
            while (event := two.receive(timeout=5))[0] != "chat message":
                pass
            assert event[1]["message"] == "hello"
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 0
    assert cli.left() == []
    assert list(cli.folder.glob("chatcluster-run-*")) == []


def test_several_hubs_carry_one_chat_and_take_broadcasts(cli, port):
    options = ("--mode", "hub", "--hubs", 2)
    with (
        cluster(cli, port, *options, CHAT_BROADCAST_TOKEN=TOKEN) as (_, said),
        socketio.SimpleClient() as client,
    ):
        assert f"http://127.0.0.1:{port + 101}" in said
        client.connect(f"http://127.0.0.1:{port}", transports=["websocket"])
        for hub in (f"http://127.0.0.1:{port + 100}", f"http://127.0.0.1:{port + 101}"):
            asyncio.run(takes_broadcasts(hub))
            asyncio.run(broadcast(hub, "news", hub))
            assert client.receive(timeout=5) == ["news", hub]


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


def test_messages_are_there_again_with_the_data_folder_of_before(cli, port, tmp_path):
    options = ("--data", tmp_path / "data", "--gateways", 1)
    with cluster(cli, port, *options), socketio.SimpleClient() as client:
        client.connect(f"http://127.0.0.1:{port}", transports=["websocket"])
        client.call("join", "tea")
        assert "id" in client.call("chat message", {"message": "hello", "room": "tea"})
    with cluster(cli, port, *options), socketio.SimpleClient() as client:
        client.connect(f"http://127.0.0.1:{port}", transports=["websocket"])
        joined = client.call("join", "tea")
    assert [message["message"] for message in joined["messages"]] == ["hello"]
