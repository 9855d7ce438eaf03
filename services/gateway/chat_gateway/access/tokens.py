"""JSON Web Tokens: whose signature is right, and whose claims hold at a given time.

Source: RFC 7519; what can go wrong, RFC 8725.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import (
    ExpiredTokenError,
    InvalidClaimError,
    JoseError,
    MissingClaimError,
    UnsupportedAlgorithmError,
)
from joserfc.jws import JWSRegistry
from joserfc.jwt import JWTClaimsRegistry

from chat_gateway.access.keys import SigningKey
from chatcluster.core import codes
from chatcluster.core.errors import Refused

LONGEST_TOKEN = 16_384  # bytes


@dataclass(frozen=True, slots=True)
class Header:
    """What a token says of the key that it was signed with; `kid` is empty if it says nothing."""

    algorithm: str
    kid: str


@dataclass(frozen=True, slots=True)
class Rules:
    """*issuer* and *audience* (any of them): empty, they are not asked for. *leeway*: seconds by
    which clocks may differ.
    """

    issuer: str
    audience: tuple[str, ...]
    leeway: int

    def check(self, claims: Mapping[str, Any], now: float) -> float:
        """When the token ends, as clocks may differ, in seconds since 1970. Raises Refused unless
        all hold.
        """
        options: dict[str, Any] = {"exp": {"essential": True}}
        if self.issuer:
            options["iss"] = {"essential": True, "value": self.issuer}
        if self.audience:
            options["aud"] = {"essential": True, "values": list(self.audience)}
        elif "aud" in claims:  # RFC 7519 section 4.1.3: then it is not for us
            raise _invalid("aud: the token is for somebody else")
        try:
            JWTClaimsRegistry(now=int(now), leeway=self.leeway, **options).validate(dict(claims))
        except ExpiredTokenError as error:
            raise Refused(codes.TOKEN_EXPIRED, "the token has expired") from error
        except MissingClaimError as error:
            raise _invalid(f"{error.claim}: the token lacks it") from error
        except InvalidClaimError as error:
            raise _invalid(
                _CLAIMS.get(error.claim, f"{error.claim}: the claim does not hold")
            ) from error
        return float(claims["exp"]) + self.leeway


def opened(token: Any) -> tuple[str, Header]:
    """A token, and its header. Raises Refused for what is not one in the compact form."""
    if token in (None, ""):
        raise Refused(codes.TOKEN_MISSING, "auth.token: a token is needed to come in")
    if not isinstance(token, str) or not token.isascii() or len(token) > LONGEST_TOKEN:
        raise _invalid("auth.token: not a JSON Web Token")
    try:
        said = jws.extract_compact(token.encode()).headers()
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise _invalid("auth.token: not a JSON Web Token") from error
    algorithm, kid = said.get("alg"), said.get("kid", "")
    if not isinstance(algorithm, str) or not isinstance(kid, str):
        raise _invalid("auth.token: not a JSON Web Token")
    return token, Header(_SPELLED.get(algorithm, algorithm), kid)


def candidates(keys: Iterable[SigningKey], header: Header) -> tuple[SigningKey, ...]:
    """The keys that the token may have been signed with: of its algorithm, and of its `kid` where
    both have one.
    """
    return tuple(
        key
        for key in keys
        if key.algorithm == header.algorithm
        if not (key.kid and header.kid) or key.kid == header.kid
    )


def claims(token: str, keys: Iterable[SigningKey]) -> Mapping[str, Any]:
    """What the token says, if one of *keys* has signed it. Raises Refused."""
    for key in keys:
        try:
            return jwt.decode(token, key.key, registry=_BOUND[key.algorithm]).claims
        except (JoseError, ValueError, TypeError, RecursionError):
            continue
    raise _invalid("auth.token: not signed with a key that is known here")


class _Bound(JWSRegistry):
    """Knows one algorithm (*name*, in the library's words), by the names that headers have for it,
    and no other: not "none" either.
    """

    def __init__(self, name: str, *spelled: str) -> None:
        super().__init__(strict_check_header=False)
        self._name = name
        self._spelled = spelled

    def get_alg(self, name: str) -> Any:
        if name not in self._spelled:
            raise UnsupportedAlgorithmError
        return self.algorithms[self._name]


def _invalid(message: str) -> Refused:
    return Refused(codes.TOKEN_INVALID, message)


_BOUND = {
    "HS256": _Bound("HS256", "HS256"),
    "RS256": _Bound("RS256", "RS256"),
    "ES256": _Bound("ES256", "ES256"),
    "EdDSA": _Bound("Ed25519", "EdDSA", "Ed25519"),  # the second name is that of RFC 9864
}
_SPELLED = {"Ed25519": "EdDSA"}
_CLAIMS = {
    "iss": "iss: the token is of another issuer",
    "aud": "aud: the token is for somebody else",
    "nbf": "nbf: the token is not valid yet",
}
