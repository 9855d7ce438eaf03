"""Redis pub/sub that comes back, on a real server that breaks its connections."""

from __future__ import annotations

import asyncio
import random
import ssl
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from shutil import which

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from chatcluster.connections.redis import connect, endpoint
from chatcluster.connections.redis_carrier import RedisCarrier
from chatcluster.connections.redis_link import Message
from chatcluster.core.errors import FanoutError
from tests.servers import Valkey, free_port, missing


class Log:
    """A listener that keeps what it hears."""

    def __init__(self) -> None:
        self.heard: list[Message] = []
        self.restorations = 0

    def messages(self, messages: Sequence[Message]) -> None:
        self.heard.extend(messages)

    def restored(self) -> None:
        self.restorations += 1


def carrier(url: str) -> RedisCarrier:
    return RedisCarrier(endpoint(url), b"echo", lambda: 0.0)


async def listened_to(redis: Redis) -> set[bytes | str]:
    return set(await redis.pubsub_channels()) - {b"echo"}


async def settled(carrier: RedisCarrier) -> None:
    """Return once it is up and hears itself."""
    async with asyncio.timeout(5):
        while True:
            with suppress(FanoutError):
                await carrier.check()
                return
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("seed", range(8))
async def test_whatever_breaks_exactly_what_is_wanted_is_listened_to(
    seed: int, own_valkey: Valkey
) -> None:
    """Many change what is wanted while the connections are cut again and again."""
    rng = random.Random(seed)
    redis, log, subject = connect(own_valkey.url), Log(), carrier(own_valkey.url)
    wanted: set[bytes] = set()
    await subject.open(log)

    async def change_often() -> None:
        """To the very moment of the last restoration, so that nothing later covers a mistake."""
        while log.restorations < outages:
            channels = {b"c%d" % rng.randrange(200) for _ in range(3)}
            add, drop = channels - wanted, channels & wanted
            wanted.difference_update(drop)
            wanted.update(add)
            with suppress(FanoutError):
                await subject.change(add, drop)
            await asyncio.sleep(rng.choice([0, 0, 0, 0.001]))

    async def cut_often() -> None:
        while log.restorations < outages:
            await redis.client_kill_filter(_type=rng.choice(["pubsub", "normal"]), skipme=True)
            await asyncio.sleep(rng.uniform(0, 0.08))

    outages = rng.randint(1, 4)
    await asyncio.gather(cut_often(), *(change_often() for _ in range(10)))
    await settled(subject)
    assert await listened_to(redis) == wanted
    await subject.close()
    await redis.aclose()


async def test_a_change_that_returns_is_in_force(own_valkey: Valkey) -> None:
    """However the connections break: either it holds, or FanoutError says that it may not yet."""
    redis, log, subject = connect(own_valkey.url), Log(), carrier(own_valkey.url)
    await subject.open(log)

    async def cut_often() -> None:
        for _ in range(15):
            await asyncio.sleep(0.02)
            await redis.client_kill_filter(_type="pubsub", skipme=True)

    cutting = asyncio.create_task(cut_often())
    returned = 0
    for index in range(300):
        channel = b"c%d" % index
        restorations = log.restorations
        with suppress(FanoutError):
            await subject.change([channel], [])
            await subject.publish([(channel, b"x")])
            await subject.check()
            if log.restorations == restorations:
                returned += 1
                assert (channel, b"x") in log.heard
        await asyncio.sleep(0.001)
    await cutting
    assert returned > 10
    await subject.close()
    await redis.aclose()


async def test_a_loop_that_ended_is_seen(own_valkey: Valkey) -> None:
    """A listener must not raise; if it does, nobody makes new connections, and `check` says so."""

    class Broken(Log):
        def restored(self) -> None:
            raise RuntimeError("broken")

    redis, subject = connect(own_valkey.url), carrier(own_valkey.url)
    await subject.open(Broken())
    await redis.client_kill_filter(_type="pubsub", skipme=True)
    with capture_logs() as logs:
        async with asyncio.timeout(5):
            while "redis_carrier_crashed" not in {line["event"] for line in logs}:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    with pytest.raises(FanoutError, match="looks after"):
        await subject.check()
    await subject.close()
    await redis.aclose()


async def test_a_channel_that_the_server_forbids_is_an_error(own_valkey: Valkey) -> None:
    """And once it is no longer wanted, all is well again."""
    redis = connect(own_valkey.url)
    await redis.execute_command(
        "ACL", "SETUSER", "chat", "on", ">secret", "+@all", "resetchannels", "&echo", "&ok*"
    )
    subject = carrier(own_valkey.url.replace("redis://", "redis://chat:secret@"))
    await subject.open(Log())
    with pytest.raises(FanoutError, match="NOPERM"):
        await subject.change([b"forbidden"], [])
    with pytest.raises(FanoutError):
        await subject.change([b"ok"], [b"forbidden"])
    await settled(subject)
    assert await listened_to(redis) == {b"ok"}
    with pytest.raises(FanoutError, match="NOPERM"):
        await subject.publish([(b"forbidden", b"x")])
    await subject.close()
    await redis.aclose()


async def test_a_wrong_password_is_an_error(own_valkey: Valkey) -> None:
    redis = connect(own_valkey.url)
    await redis.config_set("requirepass", "secret")
    for url in (own_valkey.url, own_valkey.url.replace("redis://", "redis://:wrong@")):
        with pytest.raises(FanoutError, match=r"NOAUTH|WRONGPASS"):
            await carrier(url).open(Log())
    subject = carrier(own_valkey.url.replace("redis://", "redis://:secret@"))
    await subject.open(Log())
    await subject.check()
    await subject.close()
    await redis.aclose()


async def test_it_is_opened_once(own_valkey: Valkey) -> None:
    subject = carrier(own_valkey.url)
    await subject.open(Log())
    with pytest.raises(FanoutError):
        await subject.open(Log())
    await subject.close()
    await subject.open(Log())
    await subject.check()
    await subject.close()


async def test_it_can_be_closed_while_it_is_being_opened(own_valkey: Valkey) -> None:
    subject = carrier(own_valkey.url)
    opening = asyncio.create_task(subject.open(Log()))
    await asyncio.sleep(0)
    await subject.close()
    with pytest.raises(FanoutError):
        await opening
    redis = connect(own_valkey.url)
    assert len(await redis.client_list()) == 1
    await redis.aclose()


async def test_a_connection_may_be_encrypted(own_valkey: Valkey, tmp_path: Path) -> None:
    """TLS ends before the server here, as in many clouds."""
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    _certify(certificate, key)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    port, writers = free_port(), list[asyncio.StreamWriter]()

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner, outer = await asyncio.open_connection("127.0.0.1", own_valkey.port)
        writers.extend((writer, outer))
        with suppress(ConnectionError):
            await asyncio.gather(forward(reader, outer), forward(inner, writer))

    async with await asyncio.start_server(accept, "127.0.0.1", port, ssl=context):
        subject = carrier(f"rediss://localhost:{port}?ssl_ca_certs={certificate}")
        await subject.open(Log())
        await subject.check()
        await subject.close()
        with pytest.raises(FanoutError, match="certificate"):
            await carrier(f"rediss://localhost:{port}").open(Log())
        for writer in writers:
            writer.close()


def _certify(certificate: Path, key: Path) -> None:
    if which("openssl") is None:
        missing("openssl")
    made = f"-out {certificate} -keyout {key} -nodes -days 1 -newkey ec"
    names = "-subj /CN=localhost -addext subjectAltName=DNS:localhost"
    command = f"openssl req -x509 -pkeyopt ec_paramgen_curve:P-256 {made} {names}"
    subprocess.run(command.split(), check=True, capture_output=True)
