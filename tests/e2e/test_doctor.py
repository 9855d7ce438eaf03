"""`chatcluster doctor` and `top`, on real clusters in which something is wrong."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest
import pytest_asyncio

from chatcluster.connections.redis import connect
from tests.e2e.raw_clients import Chatter
from tests.gateways import Cluster
from tests.servers import Valkey, free_port

pytestmark = pytest.mark.timeout(120)

TOKEN = "what the admin shows"


def admins(cluster: Cluster) -> list[str]:
    return [word for gateway in cluster.gateways for word in ("--admin", gateway.admin)]


@pytest.fixture(scope="module")
def redis(tmp_path_factory) -> Iterator[Valkey]:
    server = Valkey(tmp_path_factory.mktemp("valkey"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def cluster(redis, tmp_path_factory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("well")
    with Cluster(folder, redis.url, "redis", admin_token=TOKEN).running() as cluster:
        yield cluster


@pytest_asyncio.fixture
async def well(redis, cluster: Cluster) -> Cluster:
    """A cluster in which nothing is wrong yet."""
    await configure(
        redis,
        maxmemory_policy="noeviction",
        appendonly="yes",
        appendfsync="always",
        client_output_buffer_limit="pubsub 33554432 8388608 60",
    )
    return cluster


@pytest.fixture
def diagnosed(cli):
    """The exit code, and what was found."""

    def run(*arguments: str, **variables: str) -> tuple[int, list[dict[str, Any]]]:
        code, output, errors = cli.run("doctor", "--json", *arguments, seconds=40, **variables)
        assert errors == ""
        return code, json.loads(output)

    return run


async def configure(valkey, **settings: str) -> None:
    async with connect(valkey.url) as client:
        for name, value in settings.items():
            await client.config_set(name.replace("_", "-"), value)


def found(findings: list[dict[str, Any]], severity: str) -> str:
    return "\n".join(one["what"] for one in findings if one["severity"] == severity)


async def test_a_cluster_that_is_well_is_told_so(well, cli, diagnosed):
    assert diagnosed(*admins(well), CHAT_ADMIN_TOKEN=TOKEN) == (0, [])
    code, output, _ = cli.run("doctor", *admins(well), seconds=40, CHAT_ADMIN_TOKEN=TOKEN)
    assert (code, output) == (0, "All is well: 2 gateways, 2 round trips.\n")


async def test_a_redis_that_loses_data_is_found_and_the_exit_code_tells(well, redis, diagnosed):
    await configure(
        redis,
        maxmemory_policy="allkeys-lru",
        appendfsync="everysec",
        client_output_buffer_limit="pubsub 100000 100000 1",
    )
    code, findings = diagnosed(*admins(well), CHAT_ADMIN_TOKEN=TOKEN)
    assert code == 1
    assert "maxmemory-policy allkeys-lru" in found(findings, "problem")
    assert "appendfsync everysec" in found(findings, "advice")
    assert "pubsub 100000 100000 1" in found(findings, "advice")
    assert len(findings) == 3

    await configure(redis, appendonly="no")
    code, findings = diagnosed(*admins(well), CHAT_ADMIN_TOKEN=TOKEN)
    assert code == 1
    assert "appendonly no" in found(findings, "problem")


async def test_the_token_is_needed_where_there_is_one(well, diagnosed):
    code, findings = diagnosed(*admins(well))
    assert code == 1
    assert found(findings, "problem").count("it wants another token (CHAT_ADMIN_TOKEN)") == 2
    assert TOKEN not in json.dumps(findings)


async def test_a_gateway_that_hears_nobody_is_found(make_cluster, clusters, diagnosed):
    """It is on the same Redis, and uses other channels there."""
    code, findings = diagnosed(*admins(make_cluster("adapter", 1)), *admins(clusters("adapter")))
    assert code == 1
    assert found(findings, "problem").count("did not answer") == 3


async def test_gateways_on_their_own_are_found(clusters, diagnosed):
    code, findings = diagnosed(*admins(clusters("isolated")))
    assert code == 1
    assert "mode isolated, with 2 gateways" in found(findings, "problem")
    assert "whoever reaches the admin port" in found(findings, "advice")


async def test_a_gateway_that_is_gone_is_found(clusters, diagnosed):
    where = admins(clusters("hub"))
    code, findings = diagnosed(*where, "--admin", f"127.0.0.1:{free_port()}")
    assert code == 1
    assert "nobody listens there" in found(findings, "problem")


def fake_kubectl(folder, cluster: Cluster) -> None:
    """A `kubectl` whose release is *cluster*: its port-forwards lead to the admin ports."""
    pods, forwards = [], {}
    for gateway in cluster.gateways:
        name = f"talk-{gateway.admin_port}"
        forwards[name] = gateway.admin_port
        labels = {
            "app.kubernetes.io/instance": "talk",
            "app.kubernetes.io/component": "gateway",
        }
        container = {
            "image": "gateway:1",
            "ports": [{"name": "http", "containerPort": 1}, {"name": "admin", "containerPort": 9}],
        }
        pods.append(
            {
                "metadata": {"name": name, "labels": labels},
                "spec": {"nodeName": name, "containers": [container]},
                "status": {
                    "phase": "Running",
                    "conditions": [{"type": "Ready", "status": "True"}],
                    "containerStatuses": [{"restartCount": 2}],
                },
            }
        )
    answers = {
        "pods": pods,
        "poddisruptionbudgets": [],
        "secrets": [{"data": {"token": b64encode(TOKEN.encode()).decode()}}],
    }
    command = folder / "kubectl"
    command.write_text(
        "#!/usr/bin/env python3\n"
        "import json, sys, time\n"
        f"answers, forwards = {answers!r}, {forwards!r}\n"
        "assert sys.argv[1] == '--namespace=chat', sys.argv\n"
        "if sys.argv[2] == 'get':\n"
        "    print(json.dumps({'items': answers[sys.argv[3]]}))\n"
        "else:\n"
        "    pod = sys.argv[4].removeprefix('pod/')\n"
        "    print(f'Forwarding from 127.0.0.1:{forwards[pod]} -> 9', flush=True)\n"
        "    time.sleep(600)\n"
    )
    command.chmod(0o755)


async def test_a_release_is_looked_at_by_kubectl(well, cli, diagnosed):
    fake_kubectl(cli.folder, well)
    path = f"{cli.folder}:{cli.environment['PATH']}"
    code, findings = diagnosed("--release", "talk", "--namespace", "chat", PATH=path)
    assert code == 1
    assert "No PodDisruptionBudget covers the gateways" in found(findings, "problem")
    assert "2 times" in found(findings, "advice")
    assert len(findings) == 2

    code, output, errors = cli.run(
        *("top", "--json", "--release", "talk", "--namespace", "chat"), seconds=40, PATH=path
    )
    assert (code, errors) == (0, "")
    assert [row["state"] for row in json.loads(output)] == ["ready", "ready"]
    assert cli.left() == []


def test_without_kubectl_or_the_release_it_is_one_line(cli):
    code, _, errors = cli.run("doctor", "--release", "talk", PATH="/nowhere")
    assert (code, errors) == (
        2,
        "chatcluster: kubectl is not installed: --release looks with it\n",
    )
    command = cli.folder / "kubectl"
    command.write_text('#!/bin/sh\necho "connection refused" >&2\nexit 1\n')
    command.chmod(0o755)
    path = f"{cli.folder}:{cli.environment['PATH']}"
    code, _, errors = cli.run("top", "--release", "talk", PATH=path)
    assert code == 2
    assert "connection refused" in errors
    assert errors.count("\n") == 1


async def test_top_shows_what_programs_do(clusters, cli, room):
    cluster = clusters("hub")
    with Chatter(cluster.gateways[0].port, "/"), Chatter(cluster.gateways[1].port, "/"):
        code, output, errors = cli.run("top", "--json", *admins(cluster))
        assert (code, errors) == (0, "")
        first, second = json.loads(output)
        for row in (first, second):
            assert row["state"] == "ready"
            assert row["fan-out"] == "hub"
            assert row["clients"] >= 1
            assert row["memory"] > 2**20
    code, output, _ = cli.run("top", "--once", *admins(cluster))
    header, *gateways, all_of_them = output.splitlines()
    assert "p99 else" in header
    assert ["ready" in line for line in gateways] == [True, True]
    assert all_of_them.startswith("all")
