"""Returns when the servers that a program needs take connections.

Otherwise it would start, fail, and be started ever more rarely. Arguments: `redis`, `postgres`,
`hubs`, and `fanout`: what the mode that is in force needs, which may change meanwhile. Where they
are is read from the program's own variables.
"""

import json
import os
import socket
import sys
import time
from pathlib import Path
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
CARRIERS = {"adapter": "redis", "hub": "hubs", "postgres": "postgres", "redis": "redis"}


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


def carrier() -> str:
    """What the mode in force needs; "" for one that needs nothing known here."""
    state = json.loads(Path(os.environ["CHAT_FANOUT_FILE"]).read_text())
    return CARRIERS.get(state["target"]["mode"], "")


def missing(needed: str) -> str:
    """Where nobody answers, or "". Of several servers of a kind, one is enough: the program finds
    the others.
    """
    kind = carrier() if needed == "fanout" else needed
    servers = addresses(os.environ.get(VARIABLES[kind], "")) if kind else []
    if not servers or any(map(answers, servers)):
        return ""
    return f"{kind} at {', '.join(f'{host}:{port}' for host, port in servers)}"


def await_all(needed: list[str]) -> None:
    said = float("-inf")
    for one in needed:
        while where := missing(one):
            if time.monotonic() - said > 10:
                said = time.monotonic()
                print(f"waiting for {where}", flush=True)
            time.sleep(0.5)


if __name__ == "__main__":
    await_all(sys.argv[1:])
