"""What a client that comes back may lack although it has had newer messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chat_gateway.chat.domain import Message

# Gateways are joined one after another. While they are, messages that all clients get come amid
# such as only those of one gateway do. Seconds, more than it takes; clocks may differ.
SETTLED_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Unheard:
    """Indices, oldest first; `all`: there are none before the first that was looked at."""

    indices: list[int]
    all: bool


def unheard(last: Message, older: Sequence[Message]) -> Unheard:
    """Which of the messages before *last* a client that has had *last* may lack.

    While gateways were alone each told its own clients only. Whoever has had such a message was a
    client of the gateway that took it, and has had those from there; it may lack those from others,
    and what came amid them.
    """
    found: list[int] = []
    first = len(older)  # that only one gateway's clients were told
    time = last.time
    settled = False
    for index in range(len(older) - 1, -1, -1):
        message = older[index]
        if message.alone:
            first, time = index, message.time
        elif time - message.time > SETTLED_SECONDS:
            settled = True
            break
        if not (last.alone and message.alone and message.dyno == last.dyno):
            found.append(index)
    indices = [index for index in reversed(found) if index >= first]
    return Unheard(indices, all=settled or not indices)
