"""Another web service, which broadcasts by a hub."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp

from tests.gateways import TOKEN

START_SECONDS = 10.0


async def post(
    hub: str, order: Any = None, /, *, token: str | None = TOKEN, **options: Any
) -> tuple[int, Any]:
    """`POST /broadcast`; the status and the answer. *options* are aiohttp's."""
    headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
    headers |= options.pop("headers", {})
    body = {"json": order} if order is not None else {}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{hub}/broadcast", **body, **options) as response,
    ):
        return response.status, await response.json()


async def broadcast(hub: str, event: str, *args: Any, **fields: Any) -> dict[str, Any]:
    """The answer of a broadcast that the hub must take."""
    status, answer = await post(hub, {"event": event, "args": args, **fields})
    assert status == 200, answer
    taken: dict[str, Any] = answer
    return taken


async def takes_broadcasts(hub: str) -> None:
    """Return when the hub does: some time after its start."""
    async with asyncio.timeout(START_SECONDS):
        while True:
            try:
                status, _ = await post(hub, {"event": "hello", "rooms": ["nobody"]})
            except aiohttp.ClientError:
                status = 0
            if status == 200:
                return
            await asyncio.sleep(0.1)
