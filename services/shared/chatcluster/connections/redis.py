"""Redis or Valkey, by URL."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

from redis.asyncio import ConnectionPool, Redis, SSLConnection, UnixDomainSocketConnection
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError, ResponseError

from chatcluster.connections.redis_link import Endpoint

__all__ = [
    "NoScriptError",
    "PubSub",
    "Redis",
    "RedisError",
    "ResponseError",
    "connect",
    "endpoint",
    "server",
]

CONNECT_SECONDS = 5.0


def connect(url: str) -> Redis:
    """A client for *url* (redis://, rediss:// or unix://); it connects when it is first used, and
    speaks bytes.

    A command is not repeated when its connection breaks: whether it was carried out is then
    unknown, and only the caller knows whether it may be sent twice. Nor does a command end by
    itself when no answer comes: the caller bounds it by `asyncio.timeout`. Raises ValueError for a
    URL that is none.
    """
    return Redis.from_url(
        url,
        protocol=2,
        # With a timeout of its own the library sends by `asyncio.wait_for`, in which Python 3.11
        # loses a cancellation: whoever was cancelled in the middle of a command would go on.
        socket_timeout=None,
        socket_connect_timeout=CONNECT_SECONDS,
        socket_keepalive=True,
        retry=Retry(NoBackoff(), 0),
        retry_on_timeout=False,
        health_check_interval=0,
    )


def endpoint(url: str) -> Endpoint:
    """What *url* says, for a connection that is not made by the client library.

    The database number is left out: pub/sub does not know databases (Redis documentation,
    "Pub/sub", "Database & scoping"). Reads the files that the URL names for TLS. Raises ValueError
    for a URL that is none.
    """
    try:
        pool = ConnectionPool.from_url(url)
        parsed = pool.connection_class(**pool.connection_kwargs)
        tls = parsed.ssl_context.get() if isinstance(parsed, SSLConnection) else None
    except (RedisError, ValueError, TypeError, OSError) as error:
        raise ValueError(f"not a usable Redis URL: {error}") from error
    return Endpoint(
        host=getattr(parsed, "host", ""),
        port=getattr(parsed, "port", 0),
        path=parsed.path if isinstance(parsed, UnixDomainSocketConnection) else "",
        tls=tls,
        credentials=tuple(word for word in (parsed.username, parsed.password) if word),
    )


def server(url: str) -> Endpoint | None:
    """Which server *url* names, equal for all URLs that reach its first database as the same user.

    None where that may be another server tomorrow (Sentinels, a cluster), and for other databases:
    connections of carriers know none. Raises ValueError for a URL that is none.
    """
    if "+" in urlsplit(url).scheme or ConnectionPool.from_url(url).connection_kwargs.get("db"):
        return None
    return replace(endpoint(url), tls=None)
