"""A real chat across gateways: what `helm test` runs.

One client on each of two gateways, by the gateways' own addresses, and one through the Service.
What each says, all of them must get, once and in the room's order; a client that comes back gets
what it missed. Polling is tried as well.

Where clients have to show who they are, who shows nothing must be turned away everywhere. If tokens
are checked with a shared secret, the test makes one of its own and chats; else it cannot.
"""

import asyncio
import os
import secrets
import socket
import sys
import time
from pathlib import Path
from typing import Any

import socketio
from joserfc import jwt

from chat_gateway.access.keys import read_keys

Answer = dict[str, Any]


class Client:
    """Joins the room, and keeps what it gets there."""

    def __init__(
        self, name: str, url: str, transport: str = "websocket", token: str | None = None
    ) -> None:
        self.name, self.url, self.transport, self.token = name, url, transport, token
        self.got: list[str] = []
        self._more = asyncio.Event()
        self.socket = socketio.AsyncClient(reconnection=False)
        self.socket.on("chat message", self._on_message)
        self.socket.on("connect_error", self._on_refusal)
        self.refusal = ""  # the code

    async def enter(self, room: str, after: str | None = None) -> Answer:
        try:
            await self._connect()
        except socketio.exceptions.ConnectionError as error:
            raise SystemExit(f"{self.url}: not let in: {self.refusal or error}") from error
        request = {"room": room, "nickname": self.name} | ({"after": after} if after else {})
        return checked(await self.socket.call("join", request, timeout=15))

    async def say(self, room: str, text: str) -> str:
        """Returns the message's id: from then on it is stored."""
        request = {
            "room": room,
            "nickname": self.name,
            "message": text,
            "key": secrets.token_hex(8),
        }
        return str(checked(await self.socket.call("chat message", request, timeout=15))["id"])

    async def wait_for(self, count: int) -> None:
        while len(self.got) < count:
            self._more.clear()
            await self._more.wait()

    async def leave(self) -> None:
        await self.socket.disconnect()

    async def turned_away(self) -> str:
        """The code with which it is not let in."""
        try:
            await self._connect()
        except socketio.exceptions.ConnectionError as error:
            if self.refusal in ("", "unavailable", "internal"):
                raise SystemExit(f"{self.url}: {self.refusal or error}") from error
            return self.refusal
        await self.leave()
        raise SystemExit(f"{self.url}: who shows no token is let in")

    async def _connect(self) -> None:
        auth = None if self.token is None else {"token": self.token}
        try:
            await self.socket.connect(self.url, auth=auth, transports=[self.transport])
        except socketio.exceptions.ConnectionError:
            if self.socket.eio.http is not None:  # the library leaves it open
                await self.socket.eio.http.close()
            raise

    def _on_refusal(self, error: Answer) -> None:
        data = error.get("data") if isinstance(error, dict) else None
        self.refusal = str(data["code"]) if isinstance(data, dict) else ""

    def _on_message(self, message: Answer) -> None:
        if message.get("room"):
            self.got.append(message["message"])
            self._more.set()


def checked(answer: Answer) -> Answer:
    if "error" in answer:
        raise SystemExit(f"refused: {answer['error']['code']}: {answer['error']['message']}")
    return answer


async def chat(
    gateways: list[str], service: str, *, across: bool, history: bool, token: str | None = None
) -> None:
    """*gateways* are the addresses of two, or of one alone.

    With *across* false each gateway is a chat of its own, and only the first is tried.
    """
    room = f"helm-test-{secrets.token_hex(6)}"
    places = [gateways[0], gateways[-1], service] if across else [gateways[0], gateways[0]]
    clients = [Client(f"tester {n}", url, token=token) for n, url in enumerate(places, 1)]
    clients.append(Client("poller", places[1], "polling", token))
    for client in clients:
        joined = await client.enter(room)
        print(
            f"{client.name} is on {joined['dyno']} by {client.transport}, {client.url}", flush=True
        )
    said, last = [], ""
    for client in clients:
        said.append(f"{client.name} says hello")
        last = await client.say(room, said[-1])
    await asyncio.gather(*(client.wait_for(len(said)) for client in clients))
    for client in clients:
        if client.got != said:
            raise SystemExit(f"{client.name} should have got {said}, and got {client.got}")
    if history:
        await catch_up(room, clients, last)
    await asyncio.gather(*(client.leave() for client in clients))
    print(f"{len(clients)} clients got {len(said)} messages each, once and in order", flush=True)


async def catch_up(room: str, clients: list[Client], last: str) -> None:
    """One leaves, misses something, and comes back on another gateway."""
    await clients[0].leave()
    await clients[1].say(room, "while you were away")
    back = Client("tester 1 again", clients[1].url, token=clients[1].token)
    answer = await back.enter(room, after=last)
    await back.leave()
    if [message["message"] for message in answer["messages"]] != ["while you were away"]:
        raise SystemExit(f"what was missed should have been one message, and was {answer}")
    print("a client that came back got what it had missed", flush=True)


async def closed_doors(urls: list[str]) -> None:
    for url in urls:
        code = await Client("a stranger", url).turned_away()
        print(f"{url} turns away who shows no token: {code}", flush=True)


def own_token(key: str, audience: str, issuer: str) -> str | None:
    """For five minutes and the test's own rooms. None where *key* holds no shared secret."""
    secrets_there = [one for one in read_keys(key, shared=True) if one.algorithm == "HS256"]
    if not secrets_there:
        return None
    [secret, *_] = secrets_there
    rights = {right: ["helm-test-*"] for right in ("join", "read", "write")}
    claims: dict[str, Any] = {"sub": "helm-test", "name": "helm test", "rooms": rights}
    claims |= {"exp": int(time.time()) + 300}
    claims |= ({"aud": audience} if audience else {}) | ({"iss": issuer} if issuer else {})
    header = {"alg": "HS256"} | ({"kid": secret.kid} if secret.kid else {})
    return jwt.encode(header, claims, secret.key)


def given_token() -> str | None:
    file = os.environ.get("TEST_KEY_FILE")
    if not file:
        return None
    key = Path(file).read_text()
    return own_token(key, os.environ["TEST_AUDIENCE"], os.environ["TEST_ISSUER"])


async def addresses_of(name: str, port: int, wanted: int) -> list[str]:
    """Waits until the headless Service *name* knows as many gateways."""
    while True:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(
                name, port, type=socket.SOCK_STREAM
            )
        except OSError:
            found = []
        hosts = {str(address[0]) for *_, address in found}
        urls = [f"http://{f'[{host}]' if ':' in host else host}:{port}" for host in sorted(hosts)]
        if len(urls) >= wanted:
            return urls
        await asyncio.sleep(0.5)


async def main() -> None:
    wanted = min(2, int(os.environ["TEST_REPLICAS"]))
    async with asyncio.timeout(float(os.environ["TEST_SECONDS"])):
        gateways = await addresses_of(
            os.environ["TEST_GATEWAYS"], int(os.environ["TEST_PORT"]), wanted
        )
        token = given_token()
        if os.environ["TEST_AUTH"] != "off":
            await closed_doors([*gateways, os.environ["TEST_SERVICE"]])
            if token is None:
                print("the test cannot make a token, so it does not chat", flush=True)
                return
        await chat(
            gateways,
            os.environ["TEST_SERVICE"],
            token=token,
            across=os.environ["TEST_ACROSS"] == "true",
            history=os.environ["TEST_HISTORY"] == "true",
        )


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except TimeoutError:
        sys.exit("the chat took too long: a message did not arrive, or there were too few gateways")
