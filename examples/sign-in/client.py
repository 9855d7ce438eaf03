"""A client that signs in, says hello, and renews its token on the live connection:
`client.py URL NAME`, until Ctrl-C.

It makes its tokens itself, with the secret in CHAT_AUTH_KEY. A client of yours asks your own login
for them, and never sees the secret.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from typing import Any

import socketio
from make_token import token

SECONDS = 30  # short, so that one sees it end


async def main(url: str, name: str) -> None:
    client = socketio.AsyncClient()

    @client.on("identity")
    async def identity(who: dict[str, Any]) -> None:
        print(f"signed in as {who['name']}, for {who['seconds']:.0f} s", flush=True)

    @client.on("expiring")
    async def expiring(_: dict[str, Any]) -> None:
        reply = await client.call("auth", {"token": token(name, SECONDS)})
        print(f"renewed: {reply}", flush=True)

    @client.on("chat message")
    async def message(said: dict[str, Any]) -> None:
        print(f"{said['nick']} via {said['dyno']}: {said['message']}", flush=True)

    @client.on("connect_error")
    async def refused(error: Any) -> None:
        print(f"not let in: {error}", flush=True)

    def auth() -> dict[str, str]:
        return {"token": token(name, SECONDS)}  # a new one for each reconnect

    await client.connect(url, auth=auth, transports=["websocket"])
    print("stored as", (await client.call("chat message", {"message": "hello"}))["id"], flush=True)
    await client.wait()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt, asyncio.CancelledError):
        try:
            asyncio.run(main(*sys.argv[1:3]))
        except socketio.exceptions.ConnectionError as error:
            sys.exit(f"{error}")
