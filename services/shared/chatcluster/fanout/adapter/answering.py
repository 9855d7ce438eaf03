"""What this gateway answers, on its way to the server that asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from structlog.stdlib import get_logger

from chatcluster.connections.redis_pair import Words
from chatcluster.core.errors import MalformedError
from chatcluster.core.request import Question, Reply
from chatcluster.fanout.adapter.dialect import Asked, Dialect

_log = get_logger(__name__)


class Return:
    """Takes the parts of one answer until the last one.

    To a gateway they go as they come. A Node server counts answers, so it gets one; but
    acknowledgements one by one, after their number.
    """

    __slots__ = ("_asked", "_counted", "_dialect", "_kept", "_over", "_post")

    def __init__(
        self, asked: Asked, dialect: Dialect, post: Callable[[Sequence[Words]], None]
    ) -> None:
        self._asked = asked
        self._dialect = dialect
        self._post = post
        self._counted = asked.ours or asked.request.question is not Question.EMIT
        self._kept = Reply(last=False)
        self._over = not asked.request.answered

    def __call__(self, reply: Reply) -> None:
        if self._over:
            return
        self._over = reply.last
        if not self._in_parts:
            reply = self._kept = replace(reply, values=(*self._kept.values, *reply.values))
            if not reply.last:
                return
        if not self._counted:
            self._counted = True
            reply = reply if reply.clients is not None else replace(reply, clients=0)
        self._post(self._written(reply))

    @property
    def _in_parts(self) -> bool:
        return self._asked.ours or self._asked.request.question is Question.EMIT

    def _written(self, reply: Reply) -> Sequence[Words]:
        try:
            return self._dialect.answer(self._asked, reply)
        except MalformedError as error:
            # Without its values, so that nobody waits for what cannot be sent.
            _log.error("reply_unsendable", error=str(error))
            return self._dialect.answer(self._asked, replace(reply, values=()))
