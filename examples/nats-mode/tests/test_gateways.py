"""The mode as its users have it: chosen by a setting of the programs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
import socketio
from nats_harness import NatsHarness, free_port

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def nats(tmp_path: Path) -> AsyncIterator[NatsHarness]:
    harness = NatsHarness(tmp_path)
    await harness.start()
    yield harness
    await harness.stop()


def gateway(url: str, **variables: str) -> subprocess.Popen[str]:
    given = {"MODE": "nats", "HISTORY": "off", "NATS_URL": url, "ADMIN_PORT": "0", **variables}
    return subprocess.Popen(
        [sys.executable, "-m", "chat_gateway"],
        env={**os.environ, **{f"CHAT_{name}": value for name, value in given.items()}},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.fixture
def addresses(nats: NatsHarness) -> Iterator[list[str]]:
    """Two gateways."""
    ports = [str(free_port()) for _ in range(2)]
    programs = [gateway(nats.url, PORT=port, SETTLE_SECONDS="0") for port in ports]
    for program in programs:
        assert program.stdout is not None
        assert any('"ready"' in line for line in program.stdout)
    yield [f"http://127.0.0.1:{port}" for port in ports]
    for program in programs:
        program.terminate()
    for program in programs:
        program.communicate(timeout=15)


async def test_clients_of_two_gateways_meet(addresses: list[str]) -> None:
    with socketio.SimpleClient() as one, socketio.SimpleClient() as two:
        for client, address in zip((one, two), addresses, strict=True):
            client.connect(address, transports=["websocket"])
        one.emit("chat message", {"nickname": "ann", "message": "hello"})
        event, message = two.receive(timeout=5)
        assert (event, message["message"]) == ("chat message", "hello")


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, "mode nats: no answer from NATS at nats://***@127.0.0.1:1 ("),
        ({"NATS_KEEP_SECONDS": "soon"}, "CHAT_NATS_KEEP_SECONDS='soon': "),
    ],
    ids=["nobody there", "a wrong setting"],
)
async def test_a_gateway_that_cannot_start_says_why(variables: dict[str, str], said: str) -> None:
    program = gateway("nats://user:secret@127.0.0.1:1", **variables)
    output, _ = program.communicate(timeout=15)
    assert program.returncode == 2
    assert said in output
    assert "secret" not in output
    assert len(output.splitlines()) == 1
