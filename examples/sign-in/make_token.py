"""A token for somebody, as whoever logs your users in makes it: `make_token.py NAME [SECONDS]`.

With the secret in CHAT_AUTH_KEY. `--moderate` gives the right to moderate the whole chat.
"""

from __future__ import annotations

import os
import sys
import time

from joserfc import jwt
from joserfc.jwk import OctKey


def token(name: str, seconds: float, *, moderates: bool = False) -> str:
    """Of the user whose id is the name in small letters; for the audience `chat`."""
    key = OctKey.import_key(os.environ["CHAT_AUTH_KEY"])
    rooms = {right: ["*"] for right in ("join", "read", "write", "create")}
    claims = {
        "aud": "chat",
        "exp": time.time() + seconds,
        "sub": f"user-{name.lower()}",
        "name": name,
        "rooms": rooms | ({"moderate": ["*"]} if moderates else {}),
    }
    return str(jwt.encode({"alg": "HS256"}, claims, key))


if __name__ == "__main__":
    given = [argument for argument in sys.argv[1:] if argument != "--moderate"]
    name, seconds = [*given, "600"][:2]
    print(token(name, float(seconds), moderates="--moderate" in sys.argv))
