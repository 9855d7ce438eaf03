"""Which keys tokens are checked with, and that each is of one algorithm."""

from __future__ import annotations

import json

import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from chat_gateway.access import keys as reading
from chat_gateway.access.keys import SigningKey, read_keys, usable
from chatcluster.core.errors import MalformedError
from tests.issuers import Issuer

ALGORITHMS = ["HS256", "RS256", "ES256", "EdDSA"]
RSA = RSAKey.generate_key(2048)
EC = ECKey.generate_key("P-256")
ED = OKPKey.generate_key("Ed25519")
SECRET = "a secret that has thirty-two bytes"


def read(text: str, *, shared: bool = True) -> list[tuple[str, str]]:
    return [(key.algorithm, key.kid) for key in read_keys(text, shared=shared)]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_key_is_read_from_a_jwk_and_from_a_set(algorithm):
    issuer = Issuer(algorithm)
    expected = [(algorithm, issuer.kid)]
    assert read(json.dumps(issuer.jwk())) == expected
    assert read(issuer.keys()) == expected
    unstated = {name: value for name, value in issuer.jwk().items() if name not in ("alg", "kid")}
    assert read(json.dumps(unstated)) == [(algorithm, "")]


@pytest.mark.parametrize(
    ("key", "algorithm"), [(RSA, "RS256"), (EC, "ES256"), (ED, "EdDSA")], ids=["RSA", "EC", "OKP"]
)
def test_a_pem_is_of_the_algorithm_of_its_type(key, algorithm):
    assert read(key.as_pem(private=False).decode()) == [(algorithm, "")]
    assert read(f"\n{key.as_pem(private=False).decode()}\n", shared=False) == [(algorithm, "")]


def test_any_other_text_is_a_secret_where_secrets_may_be():
    assert read(f" {SECRET}\n") == [("HS256", "")]
    with pytest.raises(MalformedError, match="neither"):
        read(SECRET, shared=False)


def test_secrets_are_not_taken_from_where_anybody_can_read_them():
    with pytest.raises(MalformedError, match="anybody"):
        read(Issuer("HS256").keys(), shared=False)


def test_keys_of_other_uses_in_a_set_are_passed_over():
    good = Issuer("ES256")
    others = [
        {**Issuer("RS256").jwk(), "use": "enc"},
        {**Issuer("ES256").jwk(), "alg": "RS256"},
        {"kty": "new"},
        dict(ECKey.generate_key("P-384").as_dict(private=False)),
        7,
    ]
    keys = json.dumps({"keys": [*others, good.jwk()]})
    assert read(keys) == [("ES256", good.kid)]
    with pytest.raises(MalformedError):
        read(json.dumps({"keys": others}))


WRONG = {
    "a short secret": "too short",
    "a short secret in a JWK": json.dumps({"kty": "oct", "k": "c2hvcnQ"}),
    "not JSON": "{",
    "no set": "{}",
    "an empty set": '{"keys": []}',
    "too many": json.dumps({"keys": [{}] * (reading.MOST_KEYS + 1)}),
    "a key that is none": '{"keys": [{"kty": "RSA", "n": "AQAB"}]}',
    "a kid that is none": json.dumps({**Issuer().jwk(), "kid": 7}),
    "a broken PEM": "-----BEGIN PUBLIC KEY-----\nnothing\n-----END PUBLIC KEY-----",
    "RSA of 1024 bits": json.dumps(
        {"kty": "RSA", "e": "AQAB", "n": "t" + "A" * 170},
    ),
    "another curve": ECKey.generate_key("P-384").as_pem(private=False).decode(),
    "another Edwards curve": OKPKey.generate_key("Ed448").as_pem(private=False).decode(),
    "RS256 that says HS256": json.dumps({**Issuer("RS256").jwk(), "alg": "HS256"}),
    "nothing": "",
}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_what_is_no_key_is_refused_without_being_quoted(text):
    with pytest.raises(MalformedError) as refused:
        read(text)
    assert not text or text[:8] not in str(refused.value)


def test_only_keys_of_allowed_algorithms_are_used():
    keys = [SigningKey("RS256", "a", RSA), SigningKey("ES256", "b", EC)]
    assert usable(keys, ("ES256",)) == (keys[1],)
    with pytest.raises(MalformedError, match="EdDSA or HS256"):
        usable(keys, ("EdDSA", "HS256"))


def test_a_public_key_is_no_secret():
    """Not even where the text is not quite a PEM."""
    inner = RSA.as_pem(private=False).decode()
    with pytest.raises(MalformedError):
        read(
            json.dumps(
                {"kty": "oct", "k": OctKey.import_key(SECRET).as_dict()["k"], "alg": "RS256"}
            )
        )
    assert read(inner) == [("RS256", "")]
