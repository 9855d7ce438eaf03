"""Keys that tokens are checked with, each bound to the one algorithm that it is for.

A key never is of another algorithm because a token's header says so (RFC 8725 section 3.1): what
was published as the key of RS256 is no secret for HS256.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import orjson
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, JWKRegistry, Key, OctKey, OKPKey, RSAKey

from chatcluster.core.errors import MalformedError

LEAST_SECRET = 32  # bytes: RFC 7518 section 3.2
LEAST_RSA = 2048  # bits: RFC 7518 section 3.3
MOST_KEYS = 100


@dataclass(frozen=True, slots=True)
class SigningKey:
    """`kid`: by which tokens name it; empty if it has no name."""

    algorithm: str
    kid: str
    key: Key


def read_keys(text: str, *, shared: bool) -> tuple[SigningKey, ...]:
    """The keys in a JWK, a JWK set (RFC 7517), a PEM, or, where keys may be *shared* secrets, in a
    text that is none of these and is the secret. Keys of a set that cannot be used are left out.

    Raises MalformedError, which quotes nothing of the text, if there is none.
    """
    text = text.strip()
    if text.startswith("{"):
        keys = _of_json(text, shared=shared)
    elif "-----BEGIN" in text:
        keys = (_of_pem(text),)
    elif shared:
        keys = (_bound(_imported(OctKey.import_key, text.encode()), "", None),)
    else:
        raise MalformedError("keys: neither a JWK set nor a PEM")
    return keys


def usable(keys: Iterable[SigningKey], allowed: Collection[str]) -> tuple[SigningKey, ...]:
    """Those of *allowed* algorithms. Raises MalformedError if there is none."""
    chosen = tuple(key for key in keys if key.algorithm in allowed)
    if not chosen:
        raise MalformedError(f"keys: none of them is for {' or '.join(allowed)}")
    return chosen


def _of_json(text: str, *, shared: bool) -> tuple[SigningKey, ...]:
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise MalformedError("keys: not JSON") from error
    listed = document.get("keys") if "kty" not in document else [document]
    if not isinstance(listed, list) or len(listed) > MOST_KEYS:
        raise MalformedError(f"keys: a JWK, or a set of at most {MOST_KEYS}, is expected")
    if len(listed) == 1:
        return (_of_jwk(listed[0], shared=shared),)
    keys, problem = [], "keys: the set is empty"
    for one in listed:
        try:
            keys.append(_of_jwk(one, shared=shared))
        except MalformedError as error:  # a set may hold keys of other uses
            problem = str(error)
    if not keys:
        raise MalformedError(problem)
    return tuple(keys)


def _of_jwk(jwk: Any, *, shared: bool) -> SigningKey:
    if not isinstance(jwk, dict):
        raise MalformedError("keys: a JWK is an object")
    if jwk.get("use", "sig") != "sig":
        raise MalformedError("keys: a key that is not for signatures")
    if jwk.get("kty") == "oct" and not shared:
        raise MalformedError("keys: a shared secret (kty oct) that anybody can read is none")
    kid = jwk.get("kid", "")
    if not isinstance(kid, str):
        raise MalformedError("keys: a kid is a text")
    # Without its `alg`, since the library knows some by one name only; it is checked here.
    key = _imported(JWKRegistry.import_key, {name: jwk[name] for name in jwk if name != "alg"})
    return _bound(key, kid, jwk.get("alg"))


def _of_pem(text: str) -> SigningKey:
    for kind in (RSAKey, ECKey, OKPKey):
        try:
            return _bound(_imported(kind.import_key, text.encode()), "", None)
        except _OtherKindError:
            continue
    raise MalformedError("keys: a PEM without a key of RSA, P-256 or Ed25519")


def _bound(key: Key, kid: str, stated: Any) -> SigningKey:
    """With the algorithm of its type, which is also the one that it may state."""
    algorithm = _algorithm(key)
    if stated is not None and _ALIASES.get(stated, stated) != algorithm:
        raise MalformedError(f"keys: one that is for another algorithm than {algorithm}")
    return SigningKey(algorithm, kid, key)


def _algorithm(key: Key) -> str:
    if isinstance(key, OctKey):
        return _sized("HS256", len(key.raw_value), LEAST_SECRET, "bytes")
    if isinstance(key, RSAKey):
        return _sized("RS256", key.public_key.key_size, LEAST_RSA, "bits")
    algorithm = _CURVES.get(key.curve_name)
    if algorithm is None:
        raise MalformedError(f"keys: one of a curve is of {' or '.join(_CURVES)}")
    return algorithm


def _sized(algorithm: str, size: int, least: int, unit: str) -> str:
    if size < least:
        raise MalformedError(f"keys: one for {algorithm} has at least {least} {unit}")
    return algorithm


class _OtherKindError(MalformedError):
    """Not a key of this type."""


def _imported(read: Any, value: Any) -> Key:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SecurityWarning)  # about sizes: they are checked here
            key: Key = read(value)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
        # Without the library's words: they may hold what they are about.
        raise _OtherKindError("keys: one that cannot be read") from error
    return key


_CURVES = {"P-256": "ES256", "Ed25519": "EdDSA"}
_ALIASES = {"Ed25519": "EdDSA"}  # RFC 9864
