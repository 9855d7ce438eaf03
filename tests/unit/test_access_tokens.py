"""Whose signatures are right, and whose claims hold."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import OctKey

from chat_gateway.access import tokens
from chat_gateway.access.keys import SigningKey, read_keys
from chat_gateway.access.tokens import Header, Rules, candidates
from chatcluster.core.errors import Refused
from tests.issuers import Issuer, signed

ALGORITHMS = ["HS256", "RS256", "ES256", "EdDSA"]
ISSUERS = {name: Issuer(name) for name in ALGORITHMS}
KEYS = {name: read_keys(issuer.keys(), shared=True) for name, issuer in ISSUERS.items()}
ALL = tuple(key for keys in KEYS.values() for key in keys)
NOW = 1_800_000_000.0


def check(token: str, keys=ALL):
    token, header = tokens.opened(token)
    return tokens.claims(token, candidates(keys, header))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_token_is_read_with_the_key_that_has_signed_it(algorithm):
    assert check(ISSUERS[algorithm].token("u7"))["sub"] == "u7"


@pytest.mark.parametrize("signer", ALGORITHMS)
@pytest.mark.parametrize("holder", ALGORITHMS)
def test_a_token_is_not_read_with_any_other_key(signer, holder):
    issuer = Issuer(signer)
    issuer.kid = ISSUERS[holder].kid
    with pytest.raises(Refused, match="not signed"):
        check(issuer.token(), KEYS[holder])


def test_the_newer_name_of_the_edwards_algorithm_is_known():
    issuer = ISSUERS["EdDSA"]
    token = signed({"alg": "Ed25519", "kid": issuer.kid}, {"sub": "u1"}, issuer.key)
    assert check(token)["sub"] == "u1"


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_public_keys_are_no_secrets_to_sign_with(algorithm):
    """RFC 8725 section 2.1, with all forms that a verifier could take for the secret."""
    issuer = ISSUERS[algorithm]
    assert not isinstance(issuer.key, OctKey)
    pem = issuer.key.as_pem(private=False)
    forms = [pem, pem.strip(), json.dumps(issuer.jwk()).encode(), issuer.key.as_der(private=False)]
    for secret in forms:
        key = OctKey(secret, secret)
        for claimed in ("HS256", algorithm, "none"):
            header = {"alg": "HS256", "kid": issuer.kid}
            token = signed(header, {"sub": "u1"}, key)
            if claimed != "HS256":
                head = signed({"alg": claimed, "kid": issuer.kid}, {}, _key_of(claimed, issuer))
                token = ".".join([head.split(".")[0], *token.split(".")[1:]])
            with pytest.raises(Refused, match="not signed"):
                check(token)


def _key_of(algorithm: str, issuer: Issuer):
    return OctKey.generate_key() if algorithm == "none" else issuer.key


def test_keys_are_tried_by_name_where_key_and_token_have_one():
    (named,) = KEYS["ES256"]
    unnamed = SigningKey("ES256", "", named.key)
    keys = (named, unnamed, *KEYS["HS256"])
    assert candidates(keys, Header("ES256", named.kid)) == (named, unnamed)
    assert candidates(keys, Header("ES256", "another")) == (unnamed,)
    assert candidates(keys, Header("ES256", "")) == (named, unnamed)
    assert candidates(keys, Header("none", "")) == ()


@given(
    st.one_of(st.text("a.=\x00é", max_size=20), st.binary(), st.integers(), st.lists(st.text("a")))
)
def test_what_is_no_token_is_refused(value):
    with pytest.raises(Refused) as refused:
        tokens.opened(value)
    assert refused.value.code.name in ("token_missing", "token_invalid")


@given(st.text("abcdefABCDEF0123456789-_.=", max_size=60))
def test_what_looks_like_a_token_is_refused_as_well(text):
    token = ISSUERS["HS256"].token()
    for value in (text, f"{text}.{token}", f"{token}{text}" if text else "x", token[: len(text)]):
        with pytest.raises(Refused):
            check(value, KEYS["RS256"])


@pytest.mark.parametrize(
    "header", [{"alg": ["HS256"]}, {"alg": "HS256", "kid": 7}, {"kid": "k"}, 7]
)
def test_a_header_that_is_none_is_refused(header):
    head = base64.urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")
    with pytest.raises(Refused):
        tokens.opened(".".join([head, *ISSUERS["HS256"].token().split(".")[1:]]))


def test_a_key_is_never_of_another_algorithm_whatever_a_header_says():
    """Even if the candidates were not chosen by it."""
    issuer = ISSUERS["HS256"]
    token = signed({"alg": "HS384"}, {"sub": "u1"}, issuer.key)
    with pytest.raises(Refused, match="not signed"):
        tokens.claims(token, KEYS["HS256"])


RULES = Rules("https://issuer", ("chat", "talk"), 30)
GOOD = {"iss": "https://issuer", "aud": "chat", "sub": "u1", "exp": NOW + 60}


@pytest.mark.parametrize(
    ("claims", "ends"),
    [
        ({}, NOW + 90),
        ({"aud": ["shop", "talk"]}, NOW + 90),
        ({"exp": NOW - 29}, NOW + 1),  # as far as clocks may differ
        ({"nbf": NOW + 30, "iat": NOW + 30}, NOW + 90),
        ({"exp": 1e17}, 1e17 + 30),
    ],
)
def test_claims_that_hold_say_when_the_token_ends(claims, ends):
    assert RULES.check({**GOOD, **claims}, NOW) == ends


@pytest.mark.parametrize(
    ("claims", "code", "named"),
    [
        ({"exp": NOW - 30}, "token_expired", "expired"),
        ({"exp": None}, "token_invalid", "exp"),
        ({"exp": "tomorrow"}, "token_invalid", "exp"),
        ({"exp": float("nan")}, "token_invalid", "exp"),
        ({"exp": True}, "token_invalid", "exp"),
        ({"nbf": NOW + 31}, "token_invalid", "nbf"),
        ({"iat": NOW + 31}, "token_invalid", "iat"),
        ({"iss": "https://another"}, "token_invalid", "iss"),
        ({"iss": None}, "token_invalid", "iss"),
        ({"aud": "shop"}, "token_invalid", "aud"),
        ({"aud": []}, "token_invalid", "aud"),
        ({"aud": None}, "token_invalid", "aud"),
    ],
)
def test_a_claim_that_does_not_hold_is_named(claims, code, named):
    with pytest.raises(Refused, match=named) as refused:
        RULES.check({**GOOD, **claims}, NOW)
    assert refused.value.code.name == code


def test_a_token_for_somebody_is_not_for_a_chat_that_nobody_has_named():
    open_rules = Rules("", (), 0)
    with pytest.raises(Refused, match="aud"):
        open_rules.check(GOOD, NOW)
    assert open_rules.check({"exp": NOW + 1}, NOW) == NOW + 1
