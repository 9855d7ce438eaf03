"""What a client that comes back may lack although it has had newer messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chat_gateway.chat.domain import Message

# Gateways are not joined at one moment: while they are about to be, messages that all clients get
# come amid such as only those of one gateway do. Seconds, more than this takes; clocks may differ.
SETTLED_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Unheard:
    """Indices, oldest first; `all`: there are none before the first that was looked at."""

    indices: list[int]
    all: bool


def unheard(last: Message, older: Sequence[Message]) -> Unheard:
    """Which of the messages before *last* a client that has had *last* may lack, oldest first.

    While gateways were alone each told its own clients only. Whoever has had such a message was a
    client of that gateway and has had those from it; what other gateways took it may lack.
    """
    found: list[int] = []
    time = last.time
    for index in range(len(older) - 1, -1, -1):
        message = older[index]
        if message.alone:
            time = message.time
            if not (last.alone and message.dyno == last.dyno):
                found.append(index)
        elif time - message.time > SETTLED_SECONDS:
            return Unheard(found[::-1], all=True)
    return Unheard(found[::-1], all=not found)
