"""Lets in whom a web service lets in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from chat_gateway.access import signing
from chat_gateway.access.claims import Reading
from chat_gateway.access.fetching import Answer, FetchError, Fetching
from chat_gateway.access.identity import Identity, Permissions
from chat_gateway.access.judging import Asked
from chatcluster.core import codes
from chatcluster.core.errors import Refused
from chatcluster.runtime.logs import get_logger

YES, NO = 200, (401, 403)
OPEN_SECONDS = 300.0  # until the service is asked again about who came in while it did not answer
LONGEST_QUESTION = 65_536  # bytes
LONGEST_MESSAGE = 200  # characters that a client is told
# The codes that a service may give as its reason.
REASONS = {
    code.name: code
    for code in (codes.TOKEN_MISSING, codes.TOKEN_INVALID, codes.TOKEN_EXPIRED, codes.FORBIDDEN)
}

log = get_logger(__name__)


class HookJudge:
    """Asks *hook*, in requests that are signed with *key*.

    *unanswered* are the permissions of those who come while it does not answer, or answers
    something else; None: they are refused with `unavailable`.
    """

    def __init__(
        self,
        hook: Fetching,
        key: bytes,
        reading: Reading,
        *,
        gateway: str,
        unanswered: Permissions | None,
        now: Callable[[], float],
        new_id: Callable[[], str],
    ) -> None:
        self._hook = hook
        self._key = key
        self._reading = reading
        self._gateway = gateway
        self._unanswered = unanswered
        self._now = now
        self._new_id = new_id

    async def judge(self, asked: Asked) -> Identity:
        body = self._question(asked)
        try:
            answer = await self._ask(body)
            claims = _object(answer.body)
            if answer.status == YES:
                return self._reading.identity(claims, asked.address, self._expires(claims))
            if answer.status not in NO:
                raise FetchError(f"status {answer.status}")
        except (FetchError, Refused) as error:
            log.warning("hook_failed", error=str(error), failing=self._failing)
            return self._without_answer(asked)
        raise _refusal(claims)

    @property
    def _failing(self) -> str:
        return "closed" if self._unanswered is None else "open"

    async def _ask(self, body: bytes) -> Answer:
        headers = signing.headers(self._key, self._new_id(), int(self._now()), body)
        return await self._hook.post(body, {"content-type": "application/json", **headers})

    def _question(self, asked: Asked) -> bytes:
        question = {
            "type": "renew" if asked.renewal else "connect",
            "gateway": self._gateway,
            "namespace": asked.namespace,
            "address": asked.address,
            "origin": asked.origin,
            "user_agent": asked.agent,
            "auth": asked.auth,
        }
        try:
            body = orjson.dumps(question)
        except TypeError as error:  # half a surrogate pair, or a number of more than 64 bits
            raise Refused(codes.INVALID, "auth: has what JSON has no form for") from error
        if len(body) > LONGEST_QUESTION:
            raise Refused(codes.TOO_LONG, f"auth: at most {LONGEST_QUESTION} bytes")
        return body

    def _expires(self, claims: dict[str, Any]) -> float | None:
        seconds = claims.get("seconds")
        if seconds is None:
            return None
        if not isinstance(seconds, int | float) or isinstance(seconds, bool) or not seconds > 0:
            raise FetchError("seconds: a number above 0 is expected")
        return self._now() + seconds

    def _without_answer(self, asked: Asked) -> Identity:
        if self._unanswered is None:
            raise Refused(codes.UNAVAILABLE, "nobody can be let in just now: try again in a moment")
        return Identity("", "", asked.address, self._unanswered, self._now() + OPEN_SECONDS)


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(body) if body else {}
    except orjson.JSONDecodeError as error:
        raise FetchError("an answer that is not JSON") from error
    if not isinstance(value, dict):
        raise FetchError("an answer that is not an object")
    return value


def _refusal(claims: dict[str, Any]) -> Refused:
    message = claims.get("message")
    code = REASONS.get(str(claims.get("code")), codes.FORBIDDEN)
    said = message if isinstance(message, str) and message else "you are not let in here"
    return Refused(code, said[:LONGEST_MESSAGE])
