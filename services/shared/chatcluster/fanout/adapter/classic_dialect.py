"""The protocol of @socket.io/redis-adapter 8.x, the classic one (`createAdapter`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chatcluster.connections.redis_pair import PLAIN, Words
from chatcluster.core.envelope import Action, Envelope
from chatcluster.core.request import Question, Reply, Request
from chatcluster.fanout import wire
from chatcluster.fanout.adapter import classic, classic_questions
from chatcluster.fanout.adapter.channels import Kind, Route
from chatcluster.fanout.adapter.classic_channels import Names
from chatcluster.fanout.adapter.dialect import Answered, Asked, Audience
from chatcluster.fanout.adapter.uids import Uids


class ClassicDialect:
    """Reads and writes it; *sequences* numbers what comes from Node, which does not."""

    verbs = PLAIN

    def __init__(
        self,
        key: str,
        uids: Uids,
        sequences: Iterator[int],
        *,
        specific_response_channel: bool,
    ) -> None:
        self.naming = Names(key, uids.of)
        self.echo = self.naming.echo
        self._uids = uids
        self.uid = uids.of
        self.servers = self.naming.request
        self._sequences = sequences
        self._specific = specific_response_channel

    def reading(self, audience: Audience) -> None:
        """There is nothing to read but channels."""

    def new_id(self, question: Question) -> str:
        return self._uids.new()

    def server(self, namespace: str, uid: str) -> bytes:
        return self.naming.response(namespace, uid)

    def publish(self, envelope: Envelope) -> Words:
        namespace = envelope.namespace
        room = envelope.rooms[0] if len(envelope.rooms) == 1 else ""
        if envelope.action is Action.EMIT:
            payload = classic.encode_broadcast(self.uid(namespace), envelope)
            return b"PUBLISH", self.naming.broadcast(namespace, room), payload
        if envelope.action is Action.SIGNAL:  # Node has nothing like it
            return b"PUBLISH", self.naming.ours(namespace, room), wire.encode(envelope)
        payload = classic.encode_request(self.uid(namespace), envelope)
        return b"PUBLISH", self.naming.request(namespace), payload

    def ask(self, request: Request, id: str | None) -> Words:
        payload = classic_questions.encode_question(self.uid(request.namespace), request, id)
        return b"PUBLISH", self.naming.request(request.namespace), payload

    def answer(self, asked: Asked, reply: Reply) -> Sequence[Words]:
        request = asked.request
        if asked.ours:
            part = classic_questions.encode_part(self.uid(request.namespace), asked.id, reply)
            return [(b"PUBLISH", self.server(request.namespace, asked.asker), part)]
        channel = self._response_channel(asked)
        answers = classic_questions.encode_answers(asked, reply)
        return [(b"PUBLISH", channel, payload) for payload in answers]

    def read(self, route: Route, payload: bytes) -> Envelope | Asked | Answered | None:
        if route.kind is Kind.BROADCAST:
            return classic.decode_broadcast(payload, route.namespace, self._sequences)
        if route.kind is Kind.OURS:
            return wire.decode(payload)
        message = classic.read_request(payload)
        if route.kind is Kind.RESPONSE:
            return classic_questions.decode_answer(message)
        return classic.decode_request(
            message, route.namespace, self._sequences
        ) or classic_questions.decode_question(message, route.namespace)

    def _response_channel(self, asked: Asked) -> bytes:
        """As `publishResponse` and `onrequest` in lib/index.ts have it."""
        namespace = asked.request.namespace
        if self._specific and asked.request.question is not Question.SERVER:
            return self.server(namespace, asked.asker)
        return self.naming.response(namespace)
