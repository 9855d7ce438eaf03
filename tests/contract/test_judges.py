"""Who is let in, with the settings as they are and real servers behind them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import time
from collections.abc import Callable
from typing import Any

import pytest

from chat_gateway.access import opening
from chat_gateway.access.identity import Identity
from chat_gateway.access.judging import Asked, Judge
from chat_gateway.access.opening import opened_judge
from chatcluster.core.errors import Refused
from chatcluster.runtime.lifecycle import StartError
from chatcluster.runtime.settings import GatewaySettings, SettingsError, load
from tests.issuers import Issuer, site

SECRET = os.urandom(32)


def settings(**given: object) -> GatewaySettings:
    return load(GatewaySettings, name="gateway-1", **given)


def asked(renewal: bool = False, **auth: Any) -> Asked:
    return Asked(auth, "/", "192.0.2.1", "https://chat.example.org", "a browser", renewal)


async def judged(judge: Judge | None, **auth: Any) -> Identity:
    assert judge is not None
    return await judge.judge(asked(**auth))


async def refused(judge: Judge | None, **auth: Any) -> Refused:
    with pytest.raises(Refused) as error:
        await judged(judge, **auth)
    return error.value


async def test_nobody_judges_unless_it_is_asked_for():
    async with opened_judge(settings()) as judge:
        assert judge is None


@pytest.mark.parametrize("algorithm", ["HS256", "RS256", "ES256", "EdDSA"])
async def test_a_key_can_be_given(algorithm):
    issuer = Issuer(algorithm)
    async with opened_judge(settings(auth="jwt", auth_key=issuer.keys())) as judge:
        identity = await judged(judge, token=issuer.token("u7", aud=None))
        assert (identity.user, identity.name, identity.address) == ("u7", "U7", "192.0.2.1")
        assert (await refused(judge, token=Issuer(algorithm).token())).code.name == "token_invalid"


async def test_only_allowed_algorithms_are_taken():
    rsa = Issuer("RS256")
    keys = json.dumps({"keys": [rsa.jwk(), Issuer("ES256").jwk()]})
    async with opened_judge(settings(auth="jwt", auth_key=keys, auth_algorithms="ES256")) as judge:
        assert (await refused(judge, token=rsa.token(aud=None))).code.name == "token_invalid"


async def test_a_file_with_a_key_is_read_anew_when_it_changes(tmp_path, monkeypatch):
    """As the kubelet does it with a Secret; what is no key does not take the old one away."""
    monkeypatch.setattr(opening, "FILE_SECONDS", 0.05)
    old, new = Issuer("HS256"), Issuer("HS256")
    path = tmp_path / "key"
    path.write_text(old.keys())
    async with opened_judge(settings(auth="jwt", auth_key_file=str(path))) as judge:
        assert await judged(judge, token=old.token(aud=None))
        path.write_text("no key")
        assert (await refused(judge, token=new.token(aud=None))).code.name == "unavailable"
        assert await judged(judge, token=old.token(aud=None))
        path.write_text(new.keys())
        assert await judged(judge, token=new.token(aud=None))
        assert (await refused(judge, token=old.token(aud=None))).code.name == "token_invalid"


async def test_published_keys_may_come_after_the_start():
    issuer = Issuer("RS256")
    with site() as published:
        published.status, published.body = 500, issuer.keys()
        given = settings(auth="jwt", auth_jwks_url=published.url, auth_jwks_cooldown=0.05)
        async with opened_judge(given) as judge:
            token = issuer.token(aud=None)
            assert (await refused(judge, token=token)).code.name == "unavailable"
            published.status = 200
            assert (await judged(judge, token=token)).user == "u1"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (302, "{}"),
        (200, "<html>"),
        (200, '{"keys": []}'),
        (200, Issuer("HS256").keys()),  # published, and so no secret
        (200, f'{{"keys": [], "more": "{"x" * 300_000}"}}'),
    ],
)
async def test_what_is_published_in_place_of_keys_lets_nobody_in(status, body):
    with site() as published:
        published.status, published.body = status, body
        given = settings(auth="jwt", auth_jwks_url=published.url, auth_jwks_cooldown=0.05)
        async with opened_judge(given) as judge:
            assert (await refused(judge, token=Issuer().token())).code.name == "unavailable"


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"auth": "jwt"}, "auth_key_file"),
        ({"auth": "jwt", "auth_key": "x", "auth_jwks_url": "https://a"}, "2 are set"),
        ({"auth": "hook", "auth_hook_url": "https://example.org"}, "auth_hook_secret"),
        ({"auth": "jwt", "auth_jwks_url": "file:///etc/passwd"}, "auth-jwks-url"),
        ({"auth": "jwt", "auth_key": "x", "auth_algorithms": "none"}, "auth-algorithms"),
        ({"auth": "jwt", "auth_key": "x", "auth_default_rights": "fly"}, "auth-default-rights"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(given, named):
    with pytest.raises(SettingsError, match=named):
        settings(**given)


@pytest.mark.parametrize(
    "given",
    [
        {"auth": "jwt", "auth_key": "too short"},
        {"auth": "jwt", "auth_key_file": "/nowhere"},
        {"auth": "hook", "auth_hook_url": "https://example.org", "auth_hook_secret": "short!"},
    ],
)
async def test_a_gateway_does_not_start_with_a_key_that_is_none(given):
    with pytest.raises(StartError, match="CHAT_AUTH_") as error:
        async with opened_judge(settings(**given)):
            pass
    assert "short!" not in str(error.value)
    assert "too short" not in str(error.value)


def hook(url: str, **more: object) -> GatewaySettings:
    secret = base64.b64encode(SECRET).decode()
    return settings(auth="hook", auth_hook_url=url, auth_hook_secret=secret, **more)


async def test_a_hook_says_who_comes_in_and_can_trust_what_it_is_asked():
    with site() as service:
        rooms = {"join": ["tea"]}
        service.body = json.dumps({"user": "u7", "name": "Ada", "rooms": rooms, "seconds": 60})
        async with opened_judge(hook(service.url)) as judge:
            identity = await judged(judge, token="secret", nickname="eve")
    assert (identity.user, identity.name, identity.permissions.join) == ("u7", "Ada", ("tea",))
    assert identity.expires is not None
    assert 50 < identity.expires - time.time() <= 60
    ((headers, body),) = service.asked
    assert json.loads(body) == {
        "type": "connect",
        "gateway": "gateway-1",
        "namespace": "/",
        "address": "192.0.2.1",
        "origin": "https://chat.example.org",
        "user_agent": "a browser",
        "auth": {"token": "secret", "nickname": "eve"},
    }
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60
    text = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(SECRET, text, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"


@pytest.mark.parametrize(
    ("status", "answer", "code", "message"),
    [
        (403, {}, "forbidden", "you are not let in here"),
        (401, {"code": "token_expired", "message": "Log in again."}, "token_expired", "Log in"),
        (403, {"code": "slow", "message": "x" * 1000}, "forbidden", "xxx"),
    ],
)
async def test_a_hook_says_no_and_why(status, answer, code, message):
    with site() as service:
        service.status, service.body = status, json.dumps(answer)
        async with opened_judge(hook(service.url, auth_hook_failure="open")) as judge:
            error = await refused(judge)
    assert error.code.name == code
    assert error.message.startswith(message)
    assert len(error.message) <= 200


def _nothing(service: Any) -> None:
    service.body = ""


def _slow(service: Any) -> None:
    service.seconds = 1.0


def _defect(service: Any) -> None:
    service.status = 500


def _elsewhere(service: Any) -> None:
    service.status = 307


def _no_json(service: Any) -> None:
    service.body = "<html>"


def _no_object(service: Any) -> None:
    service.body = "[]"


def _no_time(service: Any) -> None:
    service.body = '{"user": "u1", "seconds": -1}'


def _flood(service: Any) -> None:
    service.body = json.dumps({"user": "u1", "more": "x" * 300_000})


@pytest.mark.parametrize(
    "broken", [_nothing, _slow, _defect, _elsewhere, _no_json, _no_object, _no_time, _flood]
)
async def test_a_hook_that_fails_lets_in_nobody_or_by_the_settings_everybody(
    broken: Callable[[Any], None],
):
    with site() as service:
        broken(service)
        closed = hook(service.url, auth_hook_timeout=0.3)
        async with opened_judge(closed) as judge:
            assert (await refused(judge)).code.name == "unavailable"
        opened = hook(
            service.url,
            auth_hook_timeout=0.3,
            auth_hook_failure="open",
            auth_default_rights="join,read",
        )
        async with opened_judge(opened) as judge:
            identity = await judged(judge)
    assert (identity.user, identity.name) == ("", "")
    assert identity.permissions.join == ("*",)
    assert identity.permissions.write == ()
    assert identity.expires is not None, "it is asked about again"


async def test_a_hook_that_is_not_there_lets_nobody_in():
    with site() as service:
        pass
    async with opened_judge(hook(service.url)) as judge:
        assert (await refused(judge)).code.name == "unavailable"
