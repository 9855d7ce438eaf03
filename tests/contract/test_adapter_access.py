"""Mode `adapter` over encrypted connections, and as a user who may do only what it needs."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from shutil import which

import pytest

from chatcluster.core.errors import FanoutError
from chatcluster.core.request import Question, Request
from chatcluster.fanout.adapter import AdapterFanout, Classic, Sharded, Streams
from chatcluster.testing.harness import Gateway
from tests.contract.adapter_servers import ValkeyCluster, Watched, run
from tests.servers import Valkey, free_port, missing

# What a gateway needs, for each protocol: what an operator gives to its user.
CHANNELS = "resetchannels &chat*"
RULES: dict[str, tuple[Classic | Sharded | Streams, str]] = {
    "classic": (Classic("chat"), f"{CHANNELS} +ping +publish +subscribe +unsubscribe +pubsub"),
    "sharded": (Sharded("chat"), f"{CHANNELS} +ping +spublish +ssubscribe +sunsubscribe +pubsub"),
    "streams": (
        Streams("chat", channel_prefix="chat"),
        f"{CHANNELS} +ping +publish +subscribe +unsubscribe +pubsub "
        "~chat +xadd +xread +xrange +xrevrange",
    ),
}


async def speaks(url: str, protocol: Classic | Sharded | Streams) -> None:
    """Two gateways at *url* hear and ask each other."""
    fanouts = [AdapterFanout(url, protocol) for _ in range(2)]
    one, two = [
        await Gateway(each, f"gw-{number}").open("a") for number, each in enumerate(fanouts)
    ]
    said = await one.say("hello")
    for gateway in (one, two):
        assert await gateway.got(1) == [said]
        await gateway.fanout.check()
    assert await one.ask(Request(Question.SERVER, "/", event="x")) == (["gw-1"], 0)
    for fanout in fanouts:
        await fanout.close()


@pytest.mark.parametrize("name", RULES)
async def test_a_user_with_the_documented_rights_can_do_all(name: str, own_valkey: Valkey) -> None:
    protocol, rules = RULES[name]
    await run(
        own_valkey.port, "ACL", "SETUSER", "gateway", "on", ">s3cret/@", "-@all", *rules.split()
    )
    url = own_valkey.url.replace("redis://", "redis://gateway:s3cret%2F%40@")
    await speaks(url, protocol)


async def test_a_user_without_a_right_is_told_which(own_valkey: Valkey) -> None:
    rights = "on >secret -@all resetchannels &chat* +ping +publish +subscribe +pubsub"
    await run(own_valkey.port, "ACL", "SETUSER", "gateway", *rights.split())
    url = own_valkey.url.replace("redis://", "redis://gateway:secret@")
    with pytest.raises(FanoutError, match=r"NOPERM.*channel"):
        await Gateway(AdapterFanout(url, Classic("other")), "one").open("a")


@pytest.mark.timeout(40)
async def test_a_user_of_a_cluster(tmp_path: Path) -> None:
    cluster = ValkeyCluster(tmp_path)
    try:
        await cluster.start()
        protocol, rules = RULES["sharded"]
        for server in cluster.servers:
            rights = ("on", ">secret", "-@all", "+cluster|slots", *rules.split())
            await run(server.port, "ACL", "SETUSER", "gateway", *rights)
        await speaks(cluster.url.replace("://", "://gateway:secret@"), protocol)
    finally:
        cluster.stop()


@pytest.mark.timeout(40)
async def test_passwords_of_a_master_and_of_its_sentinels(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    try:
        await watched.start()
        protocol, rules = RULES["classic"]
        rights = ("on", ">secret", "-@all", "+role", *rules.split())
        await run(watched.master.port, "ACL", "SETUSER", "gateway", *rights)
        for port in watched.ports:
            await run(port, "ACL", "SETUSER", "asker", "on", ">other", "+@all")
        login = watched.url.replace("://", "://gateway:secret@")
        await speaks(f"{login}?sentinel_username=asker&sentinel_password=other", protocol)
        with pytest.raises(FanoutError, match="WRONGPASS"):
            await speaks(f"{login}?sentinel_username=asker&sentinel_password=wrong", protocol)
    finally:
        watched.stop()


# The servers of the tests have no TLS of their own: it ends just before them, as in many clouds.


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of "localhost", with its key in the same file."""
    if which("openssl") is None:
        missing("openssl")
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    names = "-subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1"
    made = f"-out {file} -keyout {file}.key -nodes -days 1 -newkey ec"
    command = f"openssl req -x509 -pkeyopt ec_paramgen_curve:P-256 {made} {names}"
    subprocess.run(command.split(), check=True, capture_output=True)
    return file


@asynccontextmanager
async def encrypted(certificate: Path, *ports: int) -> AsyncIterator[list[int]]:
    """The ports where *ports* are to be had over TLS."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, f"{certificate}.key")
    writers: list[asyncio.StreamWriter] = []

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
        writer.close()

    async def front(port: int) -> tuple[asyncio.Server, int]:
        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            inner, outer = await asyncio.open_connection("127.0.0.1", port)
            writers.extend((writer, outer))
            await asyncio.gather(forward(reader, outer), forward(inner, writer))

        at = free_port()
        return await asyncio.start_server(accept, "127.0.0.1", at, ssl=context), at

    fronts = [await front(port) for port in ports]
    yield [at for _, at in fronts]
    for writer in writers:
        writer.close()
    for server, _ in fronts:
        server.close()
        await server.wait_closed()


@pytest.mark.parametrize("name", RULES)
async def test_everything_may_be_encrypted(
    name: str, own_valkey: Valkey, certificate: Path
) -> None:
    async with encrypted(certificate, own_valkey.port) as (port,):
        await speaks(f"rediss://localhost:{port}?ssl_ca_certs={certificate}", RULES[name][0])
        with pytest.raises(FanoutError, match="certificate"):
            await speaks(f"rediss://localhost:{port}", RULES[name][0])
