"""Lets in who shows a token that is signed and in force."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from chat_gateway.access import tokens
from chat_gateway.access.claims import Reading
from chat_gateway.access.identity import Identity
from chat_gateway.access.judging import Asked
from chat_gateway.access.keys import SigningKey
from chat_gateway.access.tokens import Header, Rules

Find = Callable[[Header], Awaitable[tuple[SigningKey, ...]]]


class TokenJudge:
    """*find* gives the keys that a token may have been signed with; *now* is in seconds since 1970.

    The token is `auth.token`.
    """

    def __init__(
        self, find: Find, rules: Rules, reading: Reading, *, now: Callable[[], float]
    ) -> None:
        self._find = find
        self._rules = rules
        self._reading = reading
        self._now = now

    async def judge(self, asked: Asked) -> Identity:
        token, header = tokens.opened(asked.auth.get("token"))
        keys = await self._find(header)
        claims = tokens.claims(token, keys)
        expires = self._rules.check(claims, self._now())
        return self._reading.identity(claims, asked.address, expires)
