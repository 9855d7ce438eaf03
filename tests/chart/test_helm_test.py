"""The script of `helm test` really notices whether gateways are one chat."""

from __future__ import annotations

import asyncio

import pytest

from charts.chatcluster.files import chat_test
from tests.chart.cases import MODE
from tests.chart.chart import merged, of_kind, one, render
from tests.gateways import Cluster
from tests.servers import free_port

pytestmark = pytest.mark.timeout(90)  # the first test waits for all programs to start


async def test_gateways_that_are_one_chat_pass(chatting: Cluster, capsys):
    first, second = (gateway.url for gateway in chatting.gateways)
    await chat_test.chat([first, second], second, across=True, history=True)
    printed = capsys.readouterr().out
    assert "tester 1 is on gateway-1 by websocket" in printed
    assert "poller is on gateway-2 by polling" in printed
    assert "4 clients got 4 messages each, once and in order" in printed
    assert "a client that came back got what it had missed" in printed


async def test_gateways_that_are_not_never_finish(split: Cluster, capsys):
    """So the script ends by its own deadline, and says so."""
    first, second = (gateway.url for gateway in split.gateways)
    chatting = asyncio.create_task(
        chat_test.chat([first, second], second, across=True, history=True)
    )
    printed = ""
    while "poller is on" not in printed:  # all have entered
        assert not chatting.done()
        await asyncio.sleep(0.05)
        printed += capsys.readouterr().out
    done, _ = await asyncio.wait({chatting}, timeout=1)
    assert not done
    chatting.cancel()
    await asyncio.wait({chatting})


async def test_an_isolated_gateway_passes_for_itself(split: Cluster):
    first, second = (gateway.url for gateway in split.gateways)
    await chat_test.chat([first, second], second, across=False, history=True)


async def test_a_refusal_is_said():
    with pytest.raises(SystemExit, match="refused: no_history: This chat keeps none"):
        chat_test.checked({"error": {"code": "no_history", "message": "This chat keeps none"}})


async def test_addresses_are_those_of_the_headless_service():
    port = free_port()
    assert await chat_test.addresses_of("127.0.0.1", port, 1) == [f"http://127.0.0.1:{port}"]
    assert await chat_test.addresses_of("::1", port, 1) == [f"http://[::1]:{port}"]


@pytest.mark.parametrize("mode", MODE)
def test_its_pod_is_told_what_to_expect(mode):
    manifests = render(MODE[mode])
    (pod,) = of_kind(manifests, "Pod")
    (container,) = pod["spec"]["containers"]
    told = {variable["name"]: variable["value"] for variable in container["env"]}
    assert told["TEST_GATEWAYS"] == one(manifests, "Service", "gateway-pods")["metadata"]["name"]
    assert told["TEST_SERVICE"] == "http://talk-chatcluster-gateway:80"
    assert told["TEST_REPLICAS"] == ("1" if mode == "isolated" else "2")
    assert told["TEST_ACROSS"] == str(mode != "isolated").lower()
    assert told["TEST_HISTORY"] == "true"


def test_nothing_of_it_stays_when_it_passed():
    (pod,) = of_kind(render({}), "Pod")
    annotations = pod["metadata"]["annotations"]
    assert annotations["helm.sh/hook"] == "test"
    assert "hook-succeeded" in annotations["helm.sh/hook-delete-policy"].split(",")
    whole = pod["spec"]["activeDeadlineSeconds"]
    assert whole == 90
    longer = merged(MODE["adapter"], {"test": {"timeoutSeconds": 120}})
    (pod,) = of_kind(render(longer), "Pod")
    assert pod["spec"]["activeDeadlineSeconds"] == 150
