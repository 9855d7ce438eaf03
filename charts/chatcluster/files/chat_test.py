"""A real chat across gateways: what `helm test` runs.

One client on each of two gateways, by the gateways' own addresses, and one through the Service.
What each says, all of them must get, once and in the room's order; a client that comes back gets
what it missed. Polling is tried as well.
"""

import asyncio
import os
import secrets
import socket
import sys
from typing import Any

import socketio

Answer = dict[str, Any]


class Client:
    """Joins the room, and keeps what it gets there."""

    def __init__(self, name: str, url: str, transport: str = "websocket") -> None:
        self.name, self.url, self.transport = name, url, transport
        self.got: list[str] = []
        self._more = asyncio.Event()
        self.socket = socketio.AsyncClient(reconnection=False)
        self.socket.on("chat message", self._on_message)

    async def enter(self, room: str, after: str | None = None) -> Answer:
        await self.socket.connect(self.url, transports=[self.transport])
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

    def _on_message(self, message: Answer) -> None:
        if message.get("room"):
            self.got.append(message["message"])
            self._more.set()


def checked(answer: Answer) -> Answer:
    if "error" in answer:
        raise SystemExit(f"refused: {answer['error']['code']}: {answer['error']['message']}")
    return answer


async def chat(gateways: list[str], service: str, *, across: bool, history: bool) -> None:
    """*gateways* are the addresses of two, or of one alone.

    With *across* false each gateway is a chat of its own, and only the first is tried.
    """
    room = f"helm-test-{secrets.token_hex(6)}"
    places = [gateways[0], gateways[-1], service] if across else [gateways[0], gateways[0]]
    clients = [Client(f"tester {number}", url) for number, url in enumerate(places, 1)]
    clients.append(Client("poller", places[1], "polling"))
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
    back = Client("tester 1 again", clients[1].url)
    answer = await back.enter(room, after=last)
    await back.leave()
    if [message["message"] for message in answer["messages"]] != ["while you were away"]:
        raise SystemExit(f"what was missed should have been one message, and was {answer}")
    print("a client that came back got what it had missed", flush=True)


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
        await chat(
            gateways,
            os.environ["TEST_SERVICE"],
            across=os.environ["TEST_ACROSS"] == "true",
            history=os.environ["TEST_HISTORY"] == "true",
        )


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except TimeoutError:
        sys.exit("the chat took too long: a message did not arrive, or there were too few gateways")
