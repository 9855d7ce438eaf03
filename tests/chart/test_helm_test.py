"""The script of `helm test` really notices whether gateways are one chat."""

from __future__ import annotations

import asyncio

import pytest
from joserfc import jwt

from charts.chatcluster.files import chat_test
from tests.chart.cases import CASES, MODE
from tests.chart.chart import merged, of_kind, one, render
from tests.e2e.lone_gateway import lone_gateway
from tests.gateways import Cluster
from tests.issuers import Issuer
from tests.servers import free_port

SECRET = "0123456789abcdef" * 4
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


@pytest.fixture
def locked(tmp_path):
    settings = {"auth": "jwt", "auth_audience": "chat", "auth_key": SECRET}
    with lone_gateway(tmp_path, **settings) as gateway:
        yield gateway.url


async def test_with_the_secret_it_chats_where_strangers_are_turned_away(locked, capsys):
    await chat_test.closed_doors([locked])
    token = chat_test.own_token(SECRET, "chat", "")
    await chat_test.chat([locked], locked, across=False, history=True, token=token)
    printed = capsys.readouterr().out
    assert f"{locked} turns away who shows no token: token_missing" in printed
    assert "3 clients got 3 messages each" in printed


async def test_a_token_that_gateways_do_not_know_is_a_failure(locked):
    token = chat_test.own_token(SECRET[::-1], "chat", "")
    with pytest.raises(SystemExit, match="not let in: token_invalid"):
        await chat_test.chat([locked], locked, across=False, history=True, token=token)


async def test_an_open_door_is_a_failure(split: Cluster):
    with pytest.raises(SystemExit, match="who shows no token is let in"):
        await chat_test.closed_doors([split.gateways[0].url])


async def test_a_gateway_that_is_not_there_is_no_closed_door():
    with pytest.raises(SystemExit, match="Connection error"):
        await chat_test.closed_doors([f"http://127.0.0.1:{free_port()}"])


def test_with_a_public_key_it_has_no_token():
    assert chat_test.own_token(Issuer("RS256").keys(), "chat", "") is None


def test_its_token_says_what_the_gateways_ask_for():
    issuer = Issuer("HS256")
    token = chat_test.own_token(issuer.keys(), "chat", "https://id.example.org")
    assert token is not None
    read = jwt.decode(token, issuer.key)
    assert read.header["kid"] == issuer.kid
    assert (read.claims["aud"], read.claims["iss"]) == ("chat", "https://id.example.org")


JWT = {"gateway": {"settings": {"auth": "jwt", "authAudience": ["chat"]}}}
WITH_SECRET = merged(JWT, {"gateway": {"auth": {"existingSecret": "my-auth", "key": "k"}}})


def test_its_pod_has_the_key_of_the_tokens():
    (pod,) = of_kind(render(WITH_SECRET), "Pod")
    (container,) = pod["spec"]["containers"]
    told = {variable["name"]: variable["value"] for variable in container["env"]}
    assert (told["TEST_AUTH"], told["TEST_AUDIENCE"], told["TEST_ISSUER"]) == ("jwt", "chat", "")
    [volume] = [one for one in pod["spec"]["volumes"] if one["name"] == "auth"]
    assert volume["secret"] == {"secretName": "my-auth", "items": [{"key": "k", "path": "key"}]}
    folder, _, file = told["TEST_KEY_FILE"].rpartition("/")
    assert file == "key"
    assert folder in {mount["mountPath"] for mount in container["volumeMounts"]}


@pytest.mark.parametrize(
    "values",
    [
        merged(JWT, {"gateway": {"settings": {"authJwksUrl": "https://id.example.org/jwks"}}}),
        merged(WITH_SECRET, {"gateway": {"settings": {"authUserClaim": "email"}}}),
        CASES["a hook"],
    ],
    ids=["keys of an issuer", "claims of one's own", "a hook"],
)
def test_without_a_key_that_it_could_use_it_looks_at_the_doors_alone(values):
    (pod,) = of_kind(render(values), "Pod")
    (container,) = pod["spec"]["containers"]
    told = {variable["name"]: variable["value"] for variable in container["env"]}
    assert told["TEST_AUTH"] != "off"
    assert "TEST_KEY_FILE" not in told
    assert {volume["name"] for volume in pod["spec"]["volumes"]} == {"scripts"}


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
