"""Random packets, and good ones with random changes: the gateway and its other clients live on."""

from __future__ import annotations

import contextlib
import json
import time

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.e2e.lone_gateway import Witness, lone_gateway, unharmed
from tests.e2e.raw_clients import Chatter, Closed, Poller, Wire

GOOD = [
    "40",
    "40/room,",
    "40/messages/tea,",
    '40{"nickname":"ada","lobby":"join"}',
    "41",
    "41/room,",
    '420["chat message",{"message":"hello","nickname":"ada","key":"k"}]',
    '421["join",{"room":"tea","after":"k3x9-1","nickname":"ada"}]',
    '422["leave","tea"]',
    '423["history",{"room":"tea","limit":3,"before":"k3x9-1"}]',
    '424["presence","tea"]',
    '425["typing",{"room":"tea","typing":true}]',
    '42/room,6["create","tea"]',
    '42/room,7["remove","tea"]',
    '42/room,8["list"]',
    '42/messages/tea,9["create",{"from":"ada","to":"bob","message":"hi"}]',
    '42/messages/tea,10["list"]',
    '451-["chat message",{"message":{"_placeholder":true,"num":0}}]',
    "43/room,1[2]",
    "1",
    "2",
    "2probe",
    "3",
    "3probe",
    "5",
    "6",
]
SIGNS = st.sampled_from([*'0123456789-/,"[]{}:\\ \x1e\x00', "\\ud800", "null", "-1", "1e9", "é"])

plain = st.sampled_from(GOOD)


@st.composite
def changed(draw: st.DrawFn) -> str:
    """A good packet with a few places cut out, doubled, or overwritten."""
    packet = draw(plain)
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(packet)))
        end = draw(st.integers(start, min(len(packet), start + 8)))
        middle = draw(st.one_of(st.just(""), SIGNS, st.just(packet[start:end] * 2)))
        packet = packet[:start] + middle + packet[end:]
    return packet


payloads = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)
shaped = st.builds(
    lambda kind, event, payload: f'4{kind}["{event}",{json.dumps(payload)}]',
    st.sampled_from(["2", "21", "2/room,1", "51-", "3", "31"]),
    st.sampled_from(["chat message", "join", "leave", "history", "typing", "create"]),
    payloads,
)
anything = st.text(st.characters(codec="utf-8"), max_size=20)
packet = plain | changed() | shaped | anything
messages = st.lists(packet | st.binary(max_size=10), max_size=12)

bounded = settings(
    max_examples=250,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    with lone_gateway(tmp_path_factory.mktemp("random"), ping_interval=300) as program:
        yield program


@pytest.fixture
def witness(gateway):
    """Somebody who chats all the time; in the end, nothing of all the others may be left."""
    with unharmed(gateway) as witness:
        assert gateway.process is not None
        process = psutil.Process(gateway.process.pid)
        before = (process.num_fds(), gateway.stats()["connections"])
        yield witness
        deadline = time.monotonic() + 5
        while (process.num_fds(), gateway.stats()["connections"]) > before:
            assert time.monotonic() < deadline, "connections are left over"
            time.sleep(0.1)


@pytest.mark.timeout(60)
@bounded
@given(first=plain | packet, more=messages)
def test_whatever_comes_over_a_websocket(gateway, witness: Witness, first, more):
    with Wire(gateway.port) as client, contextlib.suppress(ConnectionError):
        client.send("40", first, *more)
        client.socket.ping("all read")
        with contextlib.suppress(Closed):
            client.read_until_pong()
    witness.chats()


@pytest.mark.timeout(60)
@bounded
@given(bodies=st.lists(st.lists(packet, min_size=1, max_size=6), max_size=3))
def test_whatever_comes_by_polling(gateway, witness: Witness, bodies):
    client = Poller(gateway.port)
    client.post("40")
    for body in bodies:
        status, _ = client.post(*body)
        assert status in (200, 400)
    assert client.get()[0] in (200, 400)
    client.post("1")
    witness.chats()


@pytest.mark.timeout(60)
@bounded
@given(data=st.binary(max_size=60), well_formed=st.booleans())
def test_whatever_bytes_come(gateway, witness: Witness, data, well_formed):
    """As WebSocket frames, of which the first may be a good one."""
    with Chatter(gateway.port, "/") as client:
        client.send_bytes((b"\x81\x81\0\0\0\0" + b"3" if well_formed else b"") + data)
    witness.chats()
