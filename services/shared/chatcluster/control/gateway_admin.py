"""What a controller asks and orders of one gateway, by its admin server."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, TypeVar

import orjson
from aiohttp import ClientConnectorError, ClientError, ClientSession, ClientTimeout

from chatcluster.core.errors import ChatClusterError, MalformedError
from chatcluster.core.figures import Figures, read_figures
from chatcluster.core.switch import Order
from chatcluster.core.switch_json import order_as_json, read_report
from chatcluster.core.switch_plan import Report

ANSWER = ClientTimeout(total=2.0)
AGAIN_SECONDS = 0.2  # between two questions to a gateway that does not answer

T = TypeVar("T")


class AccessError(ChatClusterError):
    """A gateway does not take the token."""


class NoAnswerError(ChatClusterError):
    """There is no report, and why, for people."""


class Told(NamedTuple):
    """What came of an order: `error` says why it was not noted, "" if it was."""

    report: Report | None
    error: str = ""


class GatewayAdmin:
    """The admin server at *url*, which wants *token* ("": none) to be shown."""

    def __init__(self, session: ClientSession, url: str, token: str = "") -> None:
        self._session = session
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    async def report(self, *, patience: float) -> Report:
        """What the gateway says of its fan-out. One that does not answer is asked again for
        *patience* seconds: if it is being restarted, it is back by then. Raises NoAnswerError,
        AccessError.
        """

        async def ask() -> Report:
            return _report(*await self._asked("GET", "/fanout"))

        return await _patiently(ask, patience)

    async def figures(self, *, patience: float) -> Figures:
        """What it says of its clients and its fan-out, as `report` does."""

        async def ask() -> Figures:
            return _figures(*await self._asked("GET", "/gateway"))

        return await _patiently(ask, patience)

    async def order(self, order: Order) -> Told:
        """Give it *order* once; whether it arrived, the next report says for certain. Raises
        AccessError.
        """
        try:
            status, body = await self._asked("PUT", "/fanout", order_as_json(order))
            if status == 409:
                return _refused(body)
            return Told(_report(status, body))
        except NoAnswerError as error:
            return Told(None, str(error))

    async def drain(self, *, per_second: float) -> Figures:
        """Have it move all its clients, and take no newcomers. Raises NoAnswerError (also where it
        refuses, with its reason), AccessError; so do the next two.
        """
        wish = {"clients_per_second": per_second}
        return _figures(*await self._asked("PUT", "/drain", wish))

    async def stay(self) -> Figures:
        """Have it take newcomers again."""
        return _figures(*await self._asked("DELETE", "/drain"))

    async def shed(self, clients: int, *, per_second: float) -> Figures:
        """Have it move so many clients, and stay open."""
        wish = {"clients": clients, "clients_per_second": per_second}
        return _figures(*await self._asked("POST", "/shed", wish))

    async def _asked(self, method: str, path: str, body: Any = None) -> tuple[int, bytes]:
        data = None if body is None else orjson.dumps(body)
        try:
            async with self._session.request(
                method, self._url + path, data=data, headers=self._headers, timeout=ANSWER
            ) as answer:
                if answer.status in (401, 403):
                    raise AccessError("the token is wrong or missing (CHAT_ADMIN_TOKEN)")
                return answer.status, await answer.read()
        except (ClientError, TimeoutError) as error:
            raise NoAnswerError(sentence(error)) from error


async def _patiently(ask: Callable[[], Awaitable[T]], patience: float) -> T:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience
    while True:
        try:
            return await ask()
        except NoAnswerError:
            if loop.time() + AGAIN_SECONDS > deadline:
                raise
        await asyncio.sleep(AGAIN_SECONDS)


def sentence(error: ClientError | TimeoutError) -> str:
    """Why an admin server did not answer, for people."""
    if isinstance(error, TimeoutError):
        return f"no answer within {ANSWER.total:g} s"
    if isinstance(error, ClientConnectorError):
        refused = error.os_error.errno == errno.ECONNREFUSED
        return "nobody listens there" if refused else str(error.os_error)
    return str(error) or type(error).__name__


def _figures(status: int, body: bytes) -> Figures:
    if status in (400, 409):
        raise NoAnswerError(_error(body))
    if status != 200:
        raise NoAnswerError(f"it answers {status}")
    try:
        return read_figures(body)
    except MalformedError as error:
        raise NoAnswerError("what answers is no gateway") from error


def _error(body: bytes) -> str:
    try:
        return str(orjson.loads(body)["error"])
    except (ValueError, KeyError, TypeError) as error:
        raise NoAnswerError("what answers is no gateway") from error


def _report(status: int, body: bytes) -> Report:
    if status != 200:
        raise NoAnswerError(f"it answers {status}")
    try:
        return read_report(body)
    except MalformedError as error:
        raise NoAnswerError("what answers is no gateway") from error


def _refused(body: bytes) -> Told:
    try:
        refusal = orjson.loads(body)
        return Told(read_report(orjson.dumps(refusal["report"])), str(refusal["error"]))
    except (ValueError, KeyError, TypeError, MalformedError) as error:
        raise NoAnswerError("what answers is no gateway") from error
