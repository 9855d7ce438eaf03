"""Long-polling: one GET waits for packets, POSTs bring them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from aiohttp import web

from chat_gateway.sockets import packets
from chat_gateway.sockets.counts import Counts
from chat_gateway.sockets.front import DeadlineHandler
from chat_gateway.sockets.packets import Outgoing, Packet
from chat_gateway.sockets.session import TRANSPORT_CLOSE, TRANSPORT_ERROR, Session
from chatcluster.core.codes import SLOW, Code
from chatcluster.core.errors import MalformedError

MOST_IN_BODY = 16  # of a GET: python-engineio's client refuses more (`Payload.max_decode_packets`)
UPGRADING_SECONDS = 0.1  # a GET waits while its client tries a WebSocket

_NOOP = Outgoing(Packet(packets.NOOP))
_CLOSE = Outgoing(Packet(packets.CLOSE))


class PollingLink:
    """Keeps what is to be sent until the client asks for it."""

    name = "polling"
    __slots__ = ("_bytes", "_limit", "_waiter", "counts", "leaving", "posting", "queue")

    def __init__(self, limit: int, counts: Counts) -> None:
        self.counts = counts
        self.queue: list[Outgoing] = []
        self.posting = False
        self.leaving = False  # the client said goodbye
        self._bytes = 0
        self._limit = limit
        self._waiter: asyncio.Future[None] | None = None

    def send(self, outgoing: Sequence[Outgoing]) -> bool:
        if self._bytes > self._limit:
            return False
        self.queue.extend(outgoing)
        self._bytes += sum(len(one.text) for one in outgoing)
        self.wake()
        return True

    @property
    def pending(self) -> int:
        return self._bytes

    def close(self, code: Code | None) -> None:
        # The waiting GET ends with a close packet, or with a noop if the client closed.
        if code is SLOW:
            self.take()  # it is too much, and the client fetches it from the log
        self.queue.append(_NOOP if self.leaving else _CLOSE)
        self.wake()

    @property
    def polled(self) -> bool:
        """Whether a GET is waiting."""
        return self._waiter is not None

    def wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def release(self) -> None:
        """End a waiting GET with a noop: the client is about to leave for another transport."""
        if self._waiter is not None and not self.queue:
            self.queue.append(_NOOP)
            self.wake()

    def take(self) -> list[Outgoing]:
        """Everything that waits to be sent."""
        taken, self.queue, self._bytes = self.queue, [], 0
        return taken

    def take_body(self) -> str:
        """As much of it as clients take in one body."""
        taken, self.queue = self.queue[:MOST_IN_BODY], self.queue[MOST_IN_BODY:]
        texts = [one.text for one in taken]
        self._bytes = max(0, self._bytes - sum(map(len, texts))) if self.queue else 0
        body = packets.SEPARATOR.join(texts)
        self.counts.sent += len(body)
        return body

    async def poll(self, timeout: float) -> str:
        """What there is to send, after waiting for it up to *timeout* seconds, as a body."""
        if not self.queue:
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                async with asyncio.timeout(timeout):
                    await self._waiter
            except TimeoutError:
                self.queue.append(_NOOP)
            finally:
                self._waiter = None
        return self.take_body()


async def get(
    session: Session, link: PollingLink, request: web.Request, timeout: float
) -> web.Response:
    """Answer a GET. A second one at the same time breaks the protocol and ends the session, as does
    a client that does not wait for the answer.
    """
    if link.polled:
        session.close(TRANSPORT_ERROR)
        return bad_request("overlapping polling requests")

    def gone() -> None:
        if session.link is link:
            session.close(TRANSPORT_CLOSE)

    connection = request.protocol
    assert isinstance(connection, DeadlineHandler), "made by our server"
    connection.on_gone = gone
    try:
        return answer(await link.poll(UPGRADING_SECONDS if session.upgrading else timeout))
    finally:
        connection.on_gone = None


async def post(
    session: Session, link: PollingLink, request: web.Request, most: int
) -> web.Response:
    """Take the packets of a POST, at most *most*, in order. Whatever is wrong with it ends the
    session.
    """
    if link.posting:
        session.close(TRANSPORT_ERROR)
        return bad_request("overlapping polling requests")
    link.posting = True
    taken = False
    try:
        body = await request.read()
        link.counts.received += len(body)
        for packet in packets.decode_body(body, most):
            link.leaving = link.leaving or packet.kind == packets.CLOSE
            await session.receive(packet)
        taken = True
    except (MalformedError, web.RequestPayloadError, ConnectionError) as error:
        return bad_request(str(error))
    finally:
        link.posting = False
        if not taken:
            session.close(TRANSPORT_ERROR)
    return answer("ok")


def bad_request(message: str, code: int = 3) -> web.Response:
    """Node's form of a refused request (engine.io, `Server.errors`)."""
    return web.json_response({"code": code, "message": message}, status=400)


def answer(body: str) -> web.Response:
    """What a request is answered with when nothing is wrong."""
    return web.Response(text=body, content_type="text/plain", headers={"Cache-Control": "no-store"})
