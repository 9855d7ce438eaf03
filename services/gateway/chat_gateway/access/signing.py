"""How requests to a hook are signed.

Source: Standard Webhooks, version 1.0.0, "Signature scheme" and "Headers" (symmetric signatures):
libraries in many languages check these.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from chatcluster.core.errors import MalformedError

PREFIX = "whsec_"
LEAST_SECRET, LONGEST_SECRET = 24, 64  # bytes


def secret(text: str) -> bytes:
    """The secret that *text* holds in base64. Raises MalformedError, which does not quote it."""
    try:
        key = base64.b64decode(text.strip().removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedError("not base64") from error
    if not LEAST_SECRET <= len(key) <= LONGEST_SECRET:
        raise MalformedError(f"{len(key)} bytes, {LEAST_SECRET} to {LONGEST_SECRET} are expected")
    return key


def headers(key: bytes, id: str, time: int, body: bytes) -> dict[str, str]:
    """The headers of a request with this *body*. *id* is its own, and *time* is in seconds since
    1970: by these a receiver knows a request that somebody repeats.
    """
    signed = f"{id}.{time}.".encode() + body
    signature = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    return {
        "webhook-id": id,
        "webhook-timestamp": str(time),
        "webhook-signature": f"v1,{signature}",
    }
