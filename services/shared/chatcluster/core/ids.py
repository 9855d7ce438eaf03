"""Names that are unique without anybody being asked."""

from __future__ import annotations

import base64
from collections.abc import Callable


def short_id(random_bytes: Callable[[int], bytes], size: int = 9) -> str:
    """*size* random bytes as text of `A-Za-z0-9_-` (9 bytes are 12 characters)."""
    return base64.urlsafe_b64encode(random_bytes(size)).decode().rstrip("=")


def epoch_id(random_bytes: Callable[[int], bytes]) -> str:
    """An id without "-", which separates an epoch from its offset."""
    return random_bytes(4).hex()
