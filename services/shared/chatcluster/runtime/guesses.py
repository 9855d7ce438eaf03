"""Whoever guesses tokens is slowed down."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from chatcluster.core.rate import Rate, Rates
from chatcluster.runtime.logs import get_logger

AT_ONCE = 20  # wrong tokens, of one address; then one a second
_RATE = Rate.of(1.0, AT_ONCE)

log = get_logger(__name__)


class Guesses:
    """Wrong tokens by the address that they came from.

    While an address has to wait, its tokens are not looked at: a right one among many guesses would
    not be told from a lucky one.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._rates = Rates(_RATE)

    def wait(self, address: str) -> float:
        """Seconds until a token from there is looked at."""
        return self._rates.wait(address, self._clock())

    def wrong(self, address: str) -> None:
        """One from there was wrong."""
        self._rates.spend(address, self._clock())
        if self.wait(address):
            log.warning("token_guesses", address=address)


def slow_guesses(guesses: Guesses) -> Any:
    """Middleware: whatever is answered with 401 although a token was shown was a guess; requests
    that show one are then answered with 429 for a while.
    """

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        address = request.remote or ""
        if "Authorization" not in request.headers:
            return await handler(request)
        if wait := guesses.wait(address):
            return web.json_response(
                {"error": "too many wrong tokens"},
                status=429,
                headers={"Retry-After": str(math.ceil(wait))},
            )
        try:
            response = await handler(request)
        except web.HTTPUnauthorized:
            guesses.wrong(address)
            raise
        if response.status == web.HTTPUnauthorized.status_code:
            guesses.wrong(address)
        return response

    return middleware
