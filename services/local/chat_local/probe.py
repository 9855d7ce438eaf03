"""Asks a program whether it is ready."""

from __future__ import annotations

import asyncio

from aiohttp import ClientError, ClientSession, ClientTimeout

from chat_local.plan import Program
from chatcluster.connections import postgres
from chatcluster.connections.redis import RedisError, connect
from chatcluster.core.errors import ChatClusterError

ANSWER_SECONDS = 2.0
ANSWER = ClientTimeout(total=ANSWER_SECONDS)


async def reason_not_ready(session: ClientSession, program: Program) -> str | None:
    """Why *program* does not serve yet, for people; None when it does."""
    if program.admin is not None:
        return await _admin(session, program.admin)
    if program.kind == "postgres":
        return await _postgres(program.address)
    return await _redis(program.address)


async def _redis(url: str) -> str | None:
    async with connect(url) as client:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await client.ping()
        except (RedisError, OSError) as error:
            return str(error) or type(error).__name__
    return None


async def _postgres(dsn: str) -> str | None:
    try:
        with postgres.told_as(ChatClusterError):
            async with asyncio.timeout(ANSWER_SECONDS):
                connection = await postgres.connect(dsn, "chatcluster run")
                await connection.close()
    except ChatClusterError as error:
        return str(error)
    return None


async def _admin(session: ClientSession, admin: str) -> str | None:
    try:
        async with session.get(f"{admin}/readyz", timeout=ANSWER) as answer:
            if answer.status == 200:
                return None
            return f"it answers {answer.status} {(await answer.text())[:200]}"
    except (ClientError, TimeoutError) as error:
        return str(error) or type(error).__name__
