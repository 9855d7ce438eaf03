"""Returns when the servers that a program needs take connections.

Otherwise it would start, fail, and be started ever more rarely. Arguments: `redis`, `postgres`,
`hubs`; where they are is read from the program's own variables.
"""

import os
import socket
import sys
import time
from urllib.parse import urlsplit

VARIABLES = {"redis": "CHAT_REDIS_URL", "postgres": "CHAT_POSTGRES_DSN", "hubs": "CHAT_HUB_URLS"}
PORTS = {
    "redis": 6379,
    "rediss": 6379,
    "postgres": 5432,
    "postgresql": 5432,
    "http": 80,
    "https": 443,
}
SENTINEL_PORT = 26379


def addresses(urls: str) -> list[tuple[str, int]]:
    """Hosts and ports of one URL with several hosts, or of several URLs.

    Empty for what is no URL, such as a DSN of the form `host=…`.
    """
    found = []
    for url in urls.split(",") if urls.startswith("http") else [urls]:
        parts = urlsplit(url)
        if not parts.netloc:
            continue
        port = (
            SENTINEL_PORT
            if parts.scheme.endswith("+sentinel")
            else PORTS[parts.scheme.partition("+")[0]]
        )
        for host in parts.netloc.rpartition("@")[2].split(","):
            one = urlsplit(f"//{host}")
            if one.hostname:
                found.append((one.hostname, one.port or port))
    return found


def answers(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, timeout=2).close()
    except OSError:
        return False
    return True


def await_all(needed: list[str]) -> None:
    """Of several servers of a kind, one is enough: the program finds the others."""
    said = float("-inf")
    for kind in needed:
        servers = addresses(os.environ[VARIABLES[kind]])
        while servers and not any(map(answers, servers)):
            if time.monotonic() - said > 10:
                said = time.monotonic()
                print(
                    f"waiting for {kind} at {', '.join(f'{h}:{p}' for h, p in servers)}", flush=True
                )
            time.sleep(0.5)


if __name__ == "__main__":
    await_all(sys.argv[1:])
