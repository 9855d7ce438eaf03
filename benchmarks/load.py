"""Load for Socket.IO servers on this machine, in a closed loop: each of its own messages that comes
back lets a sender send another.

What is measured is the CPU time of the servers' processes per message that a client got: that does
not depend on how busy the machine is, as long as caches are not fought over.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import time
from dataclasses import asdict, dataclass
from functools import partial
from typing import cast

import psutil
import uvloop

from chat_gateway.sockets import frames

TEXT = "x" * 100
WARM_UP_SECONDS = 1.0
AT_ONCE = 50  # clients that connect at the same time


@dataclass(frozen=True)
class Workload:
    """`room`: clients per room, one of which sends; 0: one sends to all. `inflight`: messages that
    a sender has under way.
    """

    title: str
    clients: int
    room: int
    inflight: int


@dataclass(frozen=True)
class Cost:
    """CPU in µs per delivery and in ms per connect, latencies in ms, memory in kB per client."""

    cpu: float
    connect: float
    memory: float
    p50: float
    p99: float
    rate: float  # deliveries per second


class Client(asyncio.Protocol):
    """Speaks as much WebSocket, Engine.IO and Socket.IO as it takes to count."""

    def __init__(self, port: int, room: str, sender: bool, text: str = TEXT) -> None:
        self.ready = asyncio.get_running_loop().create_future()
        self.deliveries = 0
        self.latencies: list[float] = []
        self.sender = sender
        self.closed = False
        self.transport: asyncio.Transport
        self._text = text
        self._room = room
        self._port = port
        self._rest = b""
        self._open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        key = base64.b64encode(os.urandom(16)).decode()
        self.transport.write(
            f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"
            f"Host: 127.0.0.1:{self._port}\r\n"
            f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        data = self._rest + data
        at = 0
        if not self._open:
            at = data.find(b"\r\n\r\n") + 4
            if at < 4:
                self._rest = data
                return
            if b" 101 " not in data[:16]:
                raise ConnectionError(data[:200])
            self._open = True
        while len(data) - at >= 4:
            size, start = data[at + 1], at + 2
            if size == 126:
                size, start = int.from_bytes(data[start : start + 2], "big"), start + 2
            if len(data) < start + size:
                break
            self._packet(data[start : start + size])
            at = start + size
        self._rest = data[at:]

    def connection_lost(self, exc: BaseException | None) -> None:
        self.closed = True
        if not self.ready.done():
            self.ready.set_exception(ConnectionError("closed while it was connecting"))

    def say(self) -> None:
        message = {"nickname": "n", "message": f"{id(self)} {time.perf_counter():.6f} {self._text}"}
        if self._room:
            message["room"] = self._room
        self._send("42" + json.dumps(["chat message", message]))

    def _packet(self, packet: bytes) -> None:
        if packet.startswith(b'42["chat message"'):
            self.deliveries += 1
            if self.sender:
                self._mine(packet)
        elif packet == b"2":
            self._send("3")
        elif packet.startswith(b"0"):
            self._send("40")
        elif packet.startswith(b"40"):
            if self._room:
                self._send("42" + json.dumps(["join", self._room]))
            self.ready.set_result(None)

    def _mine(self, packet: bytes) -> None:
        who, sent, _ = packet.partition(b'"message":"')[2].split(b" ", 2)
        if int(who) == id(self):
            self.latencies.append(time.perf_counter() - float(sent))
            self.say()

    def _send(self, text: str) -> None:
        frame = bytearray(frames.frame(frames.TEXT, text.encode()))
        head = 2 if frame[1] < 126 else 4
        frame[1] |= 0x80
        frame[head:head] = b"\0\0\0\0"  # a mask that changes nothing
        self.transport.write(bytes(frame))


async def measure(
    ports: list[int], servers: list[psutil.Process], workload: Workload, seconds: float
) -> Cost:
    """The clients are spread over *ports* evenly."""

    def cpu() -> float:
        return sum(sum(server.cpu_times()[:2]) for server in servers)

    def memory() -> float:
        return sum(server.memory_info().rss for server in servers) / 1024

    cpu_before, memory_before = cpu(), memory()
    clients = await _connected(ports, workload)
    connect = (cpu() - cpu_before) / len(clients)
    await asyncio.sleep(WARM_UP_SECONDS)
    grown = (memory() - memory_before) / len(clients)
    for client in clients:
        for _ in range(workload.inflight if client.sender else 0):
            client.say()
    await asyncio.sleep(WARM_UP_SECONDS)
    for client in clients:
        client.deliveries = 0
        client.latencies.clear()
    began, cpu_before = time.perf_counter(), cpu()
    await asyncio.sleep(seconds)
    lasted, spent = time.perf_counter() - began, cpu() - cpu_before
    deliveries = sum(client.deliveries for client in clients)
    latencies = sorted(one for client in clients for one in client.latencies)
    if not latencies:
        raise AssertionError("nothing came back")
    return Cost(
        cpu=spent / deliveries * 1e6,
        connect=connect * 1e3,
        memory=grown,
        p50=latencies[len(latencies) // 2] * 1e3,
        p99=latencies[len(latencies) * 99 // 100] * 1e3,
        rate=deliveries / lasted,
    )


async def _connected(ports: list[int], workload: Workload) -> list[Client]:
    loop = asyncio.get_running_loop()
    clients: list[Client] = []
    for number in range(workload.clients):
        port = ports[number % len(ports)]
        room = f"room{number // workload.room}" if workload.room else ""
        client = Client(port, room, number % (workload.room or workload.clients) == 0)
        await loop.create_connection(partial(_same, client), "127.0.0.1", port)
        clients.append(client)
        if number % AT_ONCE == AT_ONCE - 1:
            await asyncio.gather(*(one.ready for one in clients[-AT_ONCE:]))
    await asyncio.gather(*(one.ready for one in clients))
    return clients


def _same(client: Client) -> Client:
    return client


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ports", required=True)
    parser.add_argument("--pids", required=True)
    parser.add_argument("--clients", type=int, default=500)
    parser.add_argument("--room", type=int, default=0)
    parser.add_argument("--inflight", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=5)
    asked = parser.parse_args()
    servers = [psutil.Process(int(pid)) for pid in asked.pids.split(",")]
    ports = [int(port) for port in asked.ports.split(",")]
    workload = Workload("", asked.clients, asked.room, asked.inflight)
    print(json.dumps(asdict(uvloop.run(measure(ports, servers, workload, asked.seconds)))))
    os._exit(0)  # closing thousands of connections one by one takes longer than measuring


if __name__ == "__main__":
    main()
