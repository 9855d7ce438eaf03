"""Orders to moderate the chat, and what those whom they concern are told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.e2e.mailbox import PATIENCE, Refused
from tests.issuers import Issuer

ISSUER = Issuer("HS256")
TOKEN = "for operators"
EVERYWHERE = {"join": ["*"], "write": ["*"], "create": ["*"], "moderate": ["*"]}


async def order(http, gateway, action: str, **fields: Any) -> dict[str, Any]:
    body = {"action": action, **fields}
    async with http.post(f"{gateway.admin}/moderation", json=body) as response:
        assert response.status == 200, await response.text()
        done: dict[str, Any] = await response.json()
        return done


async def look(http, gateway, what: str = "") -> Any:
    async with http.get(f"{gateway.admin}/moderation{what}") as response:
        assert response.status == 200, await response.text()
        return await response.json()


def shown(user: str, rooms: dict[str, list[str]] | None = None) -> dict[str, str]:
    return {"token": ISSUER.token(user, rooms=rooms)}


def code(reply: dict[str, Any]) -> str | None:
    error = reply.get("error")
    return None if error is None else str(error["code"])


async def refusal(connect, gateway, auth, **options) -> str:
    with pytest.raises(Refused) as caught:
        await connect(gateway.url, auth=auth, **options)
    return str(caught.value.data["code"])


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Return when *condition* holds: the other gateway hears of an order in a moment."""
    async with asyncio.timeout(PATIENCE):
        while not await condition():  # noqa: ASYNC110 - any condition may be waited for
            await asyncio.sleep(0.05)


async def until_joined(client, room: str) -> None:
    async def joined() -> bool:
        return code(await client.ask("join", room)) is None

    await until(joined)
