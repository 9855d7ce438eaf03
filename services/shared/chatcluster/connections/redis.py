"""Redis or Valkey, by URL."""

from __future__ import annotations

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError, ResponseError

__all__ = ["NoScriptError", "PubSub", "Redis", "RedisError", "ResponseError", "connect"]

ANSWER_SECONDS = 5.0


def connect(url: str, *, answer_seconds: float | None = ANSWER_SECONDS) -> Redis:
    """A client for *url* (redis://, rediss:// or unix://); it connects when it is first used, and
    speaks bytes.

    A command is not repeated when its connection breaks: whether it was carried out is then
    unknown, and only the caller knows whether it may be sent twice. *answer_seconds* bounds the
    wait for an answer; None is for subscriptions, which may be silent for long. Raises ValueError
    for a URL that is none.
    """
    return Redis.from_url(
        url,
        protocol=2,
        socket_timeout=answer_seconds,
        socket_connect_timeout=ANSWER_SECONDS,
        socket_keepalive=True,
        retry=Retry(NoBackoff(), 0),
        retry_on_timeout=False,
        health_check_interval=0,
    )
