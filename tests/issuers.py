"""Somebody who issues tokens, and publishes the keys that they are checked with."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey, Key, OctKey, OKPKey, RSAKey

NAME, AUDIENCE = "https://issuer.example.org", "chat"
_KINDS: dict[str, tuple[type[Any], Any]] = {
    "HS256": (OctKey, 256),
    "RS256": (RSAKey, 2048),
    "ES256": (ECKey, "P-256"),
    "EdDSA": (OKPKey, "Ed25519"),
}
_numbers = itertools.count(1)


class Issuer:
    """Signs with one key of one algorithm, until it takes another (`rotate`)."""

    def __init__(self, algorithm: str = "ES256") -> None:
        self.algorithm = algorithm
        self.rotate()

    def rotate(self) -> None:
        """Sign with a new key from now on."""
        kind, size = _KINDS[self.algorithm]
        self.kid = f"key-{next(_numbers)}"
        self.key: Key = kind.generate_key(size, {"kid": self.kid})

    def jwk(self) -> dict[str, Any]:
        """What checks its signatures; of asymmetric keys the public half."""
        secret = self.algorithm == "HS256"
        return dict(self.key.as_dict(private=secret), alg=self.algorithm, use="sig")

    def keys(self) -> str:
        return json.dumps({"keys": [self.jwk()]})

    def token(self, user: str = "u1", seconds: Any = 600, **claims: Any) -> str:
        """For *user*, for so many seconds from now; a claim that is None is left out."""
        said = {
            "iss": NAME,
            "aud": AUDIENCE,
            "sub": user,
            "name": user.title(),
            "exp": int(time.time() + seconds),
            **claims,
        }
        return signed(
            {"alg": self.algorithm, "kid": self.kid},
            {name: value for name, value in said.items() if value is not None},
            self.key,
        )


def signed(header: dict[str, Any], claims: dict[str, Any], key: Key) -> str:
    """A token, whatever it says."""
    return jws.serialize_compact(header, json.dumps(claims), key, registry=_Any())


class _Any(jws.JWSRegistry):
    def __init__(self) -> None:
        super().__init__(strict_check_header=False)

    def get_alg(self, name: str) -> Any:
        # By its older name the library warns of the one of Edwards curves.
        return self.algorithms["Ed25519" if name == "EdDSA" else name]


class Site:
    """A web server that gives the answer that a test has put there, and remembers what it was
    asked: `(headers, body)`.
    """

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.url = f"http://127.0.0.1:{server.server_address[1]}/"
        self.status = 200
        self.body = "{}"
        self.seconds = 0.0  # until it answers
        self.asked: list[tuple[dict[str, str], bytes]] = []


@contextmanager
def site() -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            place.asked.append(({k.lower(): v for k, v in self.headers.items()}, body))
            time.sleep(place.seconds)
            answer = place.body.encode()
            self.send_response(place.status)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: Any) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    place = Site(server)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield place
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
