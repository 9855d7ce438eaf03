"""What the protocols of Node's adapters have in common, and what each has to say for itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from chatcluster.connections.redis_pair import Reader, Verbs, Words
from chatcluster.core.envelope import Envelope
from chatcluster.core.errors import MalformedError
from chatcluster.core.request import Question, Reply, Request
from chatcluster.fanout.adapter.channels import Interest, Naming, Route

OURS = "cc"  # the key of what is ours in messages, where Node does not look


class Asked(NamedTuple):
    """A question that came. `ours`: the asker is a gateway, and reads answers of our form.

    `bare`: the asker is an older Node server, which wants of clients only their ids.
    """

    request: Request
    asker: str
    id: str
    ours: bool
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """A part of an answer that came, from a server that the protocol may not name (None).

    Where `ours` is false it is a Node server. One that passes on acknowledgements never says that
    it was the last: it has answered when there are as many as the clients that it counted.
    """

    id: str
    who: str | None
    reply: Reply
    ours: bool = False


class Audience(Protocol):
    """Whom it is for."""

    @property
    def interest(self) -> Interest: ...

    def deliver(self, envelopes: list[Envelope]) -> None: ...

    def complain(self, where: bytes, error: MalformedError) -> None: ...

    def restored(self) -> None:
        """Something may have been missed."""


class Reading(Protocol):
    """Reads what does not come by channels."""

    @property
    def reader(self) -> Reader: ...

    async def caught_up(self, query: Callable[[Words], Awaitable[Any]]) -> None:
        """Return when everything that is there now was read."""


class Dialect(Protocol):
    """A protocol: what is written to Redis, and how what comes is read.

    All that encodes and decodes raises MalformedError.
    """

    @property
    def verbs(self) -> Verbs: ...

    @property
    def naming(self) -> Naming: ...

    def reading(self, audience: Audience) -> Reading | None:
        """What there is to be read besides channels; envelopes then come from there."""

    def new_id(self, question: Question) -> str:
        """A name for a question of this kind."""

    def uid(self, namespace: str) -> str:
        """This server's name: Node has one adapter, and so one name, per namespace."""

    def echo(self, name: str) -> bytes:
        """A channel for a gateway to hear itself."""

    def publish(self, envelope: Envelope) -> Words: ...

    def ask(self, request: Request, id: str | None) -> Words:
        """*id* names the question in its answers; None expects none."""

    def answer(self, asked: Asked, reply: Reply) -> Sequence[Words]:
        """*reply* is whole where the asker is a Node server, unless it asked for EMIT."""

    def servers(self, namespace: str) -> bytes:
        """The channel that exactly the servers listen to."""

    def server(self, namespace: str, uid: str) -> bytes:
        """The channel that exactly this server listens to."""

    def read(self, route: Route, payload: bytes) -> Envelope | Asked | Answered | None:
        """What a message means; None if nothing is to be done. The channel of one room tells that
        it is wanted; what comes by a common one is still to be looked at."""
