"""Questions to all gateways, this one included."""

from __future__ import annotations

from chat_gateway.manager.answering import Answering
from chatcluster.core.request import Reply, Request
from chatcluster.fanout.answers import Collected
from chatcluster.fanout.port import Fanout

# For the last acknowledgements on their way from other gateways, which wait as long as the asker.
GRACE_SECONDS = 0.5


class Asker:
    """Partial results, and no exception, when gateways die or do not answer; FanoutError, and
    nothing has happened anywhere, when the carrier did not take the question.
    """

    def __init__(self, answering: Answering, fanout: Fanout) -> None:
        self._answering = answering
        self._fanout = fanout

    async def ask_all(self, request: Request) -> tuple[list[Reply], int]:
        """All replies, and how many gateways did not complete theirs."""
        others = await self._fanout.ask(request, request.timeout + GRACE_SECONDS)
        here = [reply async for reply in self._ask_here(request)]
        replies = here + [reply async for reply in others]
        return replies, others.missing

    async def ask_others(self, request: Request) -> tuple[list[Reply], int]:
        """As `ask_all`, without this gateway."""
        others = await self._fanout.ask(request, request.timeout + GRACE_SECONDS)
        replies = [reply async for reply in others]
        return replies, others.missing

    def _ask_here(self, request: Request) -> Collected:
        answers = Collected()

        def put(reply: Reply) -> None:
            answers.put(reply)
            if reply.last:
                answers.end(missing=0)

        self._answering.answer(request, put)
        return answers
