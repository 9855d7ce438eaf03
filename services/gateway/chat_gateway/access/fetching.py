"""HTTP requests whose answers are bounded, in bytes and in time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import NamedTuple

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector

from chatcluster.core.errors import ChatClusterError

MOST_BYTES = 262_144  # of an answer
MOST_CONNECTIONS = 100  # to one server, at the same time; further requests wait for their turn


class FetchError(ChatClusterError):
    """There was no answer, or too much of it."""


class Answer(NamedTuple):
    status: int
    body: bytes


class Fetching:
    """Makes requests over *session*, each within *seconds*. Redirects are not followed."""

    def __init__(self, session: ClientSession, url: str, seconds: float) -> None:
        self._session = session
        self._url = url
        self._timeout = ClientTimeout(total=seconds)

    async def get(self) -> Answer:
        """Raises FetchError."""
        return await self._fetch("GET", None, {})

    async def post(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Raises FetchError."""
        return await self._fetch("POST", body, headers)

    async def _fetch(self, method: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        try:
            async with self._session.request(
                method,
                self._url,
                data=body,
                headers=headers,
                timeout=self._timeout,
                allow_redirects=False,
            ) as response:
                received = bytearray()
                async for chunk in response.content.iter_any():
                    received += chunk
                    if len(received) > MOST_BYTES:
                        raise FetchError(f"an answer of more than {MOST_BYTES} bytes")
                return Answer(response.status, bytes(received))
        except (ClientError, TimeoutError, OSError, ValueError) as error:
            raise FetchError(f"no answer ({type(error).__name__})") from error


@asynccontextmanager
async def fetching(url: str, seconds: float) -> AsyncIterator[Fetching]:
    """Connections are kept while the body runs."""
    connector = TCPConnector(limit_per_host=MOST_CONNECTIONS)
    async with ClientSession(connector=connector) as session:
        yield Fetching(session, url, seconds)
