"""Handlers for what needs no waiting: they are called, and no task is made for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from chat_gateway.manager.answer import Answer

# (socket id, what the client sent to connect with). Raises Refused.
PromptConnect = Callable[[str, dict[str, Any]], None]
# (socket id, arguments, whom to answer): False if it cannot be done without waiting, and nothing
# has happened then. Raises Refused.
PromptEvent = Callable[[str, tuple[Any, ...], Answer], bool]


def handle(handler: PromptEvent, args: Sequence[Any], answer: Answer) -> bool:
    """Whether it was; what the handler raises is an answer, too."""
    try:
        return handler(answer.socket.sid, tuple(args), answer)
    except Exception as error:
        answer.begin().fail(error)
        return True
