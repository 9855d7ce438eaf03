"""Who is let in, with the settings as they are and real servers behind them."""

from __future__ import annotations

import json

import pytest

from chat_gateway.access import opening
from chat_gateway.access.opening import opened_judge
from chatcluster.runtime.lifecycle import StartError
from chatcluster.runtime.settings import SettingsError
from tests.contract.judging import judged, refused, settings
from tests.issuers import Issuer, site


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
