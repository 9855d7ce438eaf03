"""Asks a program whether it is ready."""

from __future__ import annotations

from aiohttp import ClientError, ClientSession, ClientTimeout

from chat_local.plan import Program
from chatcluster.connections.redis import RedisError, connect

ANSWER = ClientTimeout(total=2.0)


async def reason_not_ready(session: ClientSession, program: Program) -> str | None:
    """Why *program* does not serve yet, for people; None when it does."""
    if program.admin is None:
        return await _redis(program.address)
    return await _admin(session, program.admin)


async def _redis(url: str) -> str | None:
    async with connect(url, answer_seconds=2.0) as client:
        try:
            await client.ping()
        except (RedisError, OSError) as error:
            return str(error) or type(error).__name__
    return None


async def _admin(session: ClientSession, admin: str) -> str | None:
    try:
        async with session.get(f"{admin}/readyz", timeout=ANSWER) as answer:
            if answer.status == 200:
                return None
            return f"it answers {answer.status} {(await answer.text())[:200]}"
    except (ClientError, TimeoutError) as error:
        return str(error) or type(error).__name__
