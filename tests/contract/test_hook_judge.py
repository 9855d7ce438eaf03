"""Who is let in by a web service, and what becomes of clients while it does not answer."""

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

from chat_gateway.access.opening import opened_judge
from chatcluster.runtime.settings import GatewaySettings
from tests.contract.judging import judged, refused, settings
from tests.issuers import site

SECRET = os.urandom(32)


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


@pytest.mark.parametrize(
    ("auth", "code"),
    [
        ({"token": "\ud800"}, "invalid"),
        ({"token": 2**70}, "invalid"),
        ({"token": "x" * 70_000}, "too_long"),
    ],
)
async def test_a_hook_is_not_asked_about_what_it_could_not_read(auth, code):
    with site() as service:
        async with opened_judge(hook(service.url, auth_hook_failure="open")) as judge:
            assert (await refused(judge, **auth)).code.name == code
        assert service.asked == []


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
