"""Asking gateways who is in a room."""

from __future__ import annotations

from typing import Any

from chatcluster.chat.message import CHAT
from chatcluster.core.request import Question, Request
from chatcluster.fanout.port import Fanout

PEOPLE = "chatcluster people"  # a `server_side_emit` that gateways answer with {count, members}
ANSWER_SECONDS = 2.0


async def people(fanout: Fanout, room: str) -> tuple[int, list[str]]:
    """How many people have joined the room, and the nicknames of at most 200 of them. Raises
    FanoutError.

    Gateways with people there know those of all others; what the others answer is less.
    """
    request = Request(Question.SERVER, CHAT, event=PEOPLE, args=(room,), timeout=ANSWER_SECONDS)
    answers = await fanout.ask(request, ANSWER_SECONDS)
    known = [_read(value) async for reply in answers for value in reply.values]
    return max(known, key=lambda one: one[0], default=(0, []))


def _read(value: Any) -> tuple[int, list[str]]:
    """Nobody, for what another server answered."""
    match value:
        case {"count": int(count), "members": list(members)}:
            return count, [str(one["nickname"]) for one in members if "nickname" in one]
    return 0, []
