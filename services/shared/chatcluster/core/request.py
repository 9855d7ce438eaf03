"""What one gateway asks the others, and what they answer."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Any


class Question(enum.IntEnum):
    """The numbers travel between our own gateways; Node's adapters have theirs."""

    SOCKETS = (
        1  # which clients are in the rooms? one value per client: {id, handshake, rooms, data}
    )
    ROOMS = 2  # which rooms have members? one value per room: its name
    EMIT = 3  # send `event` with `args` to the clients and pass on their acknowledgements
    SERVER = (
        4  # `server_side_emit`: hand `event` with `args` to the program, and pass on its answer
    )


@dataclass(frozen=True, slots=True)
class Request:
    """A question about (or for) the clients in any of `rooms` (none: all) and in none of `exclude`.

    `timeout` in seconds, for those who wait for somebody themselves (a client's acknowledgement).
    `answered`: an answer is expected; without, only SERVER makes sense.
    """

    question: Question
    namespace: str
    rooms: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    event: str = ""
    args: tuple[Any, ...] = ()
    timeout: float = 5.0
    answered: bool = True
    flags: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reply:
    """A part of one gateway's answer, or (with `last`) the end of it.

    `values` are what `Question` says of its kind; for EMIT and SERVER one acknowledgement each.
    `clients`: how many acknowledgements an EMIT expects there; said once, in the first part.
    """

    values: tuple[Any, ...] = ()
    clients: int | None = None
    last: bool = True
