"""Who asked for what is being done now, for log lines and traces."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import count

from structlog.typing import EventDict

ID_BYTES = 6

_numbers = count(1)


# An event of a client: the id of its session and the number of the event in this process.
Asked = tuple[str, int]

# Copied, as all context variables are, to tasks and callbacks that are made while it is set.
ASKED: ContextVar[Asked | None] = ContextVar("asked", default=None)


def asked_by(session: str) -> Asked:
    """The next event, which is of this session."""
    return session, next(_numbers)


@contextmanager
def by(asked: Asked) -> Iterator[None]:
    """Within it log lines say so."""
    before = ASKED.set(asked)
    try:
        yield
    finally:
        ASKED.reset(before)


def connection_id(session: str) -> str:
    """What logs call a session: not its id, by which others could take it over."""
    return hashlib.blake2b(session.encode(), digest_size=ID_BYTES).hexdigest()


def say_who_asked(logger: object, method: str, line: EventDict) -> EventDict:
    """A processor of log lines: `connection` and `request`, where a client's event is behind it."""
    if (asked := ASKED.get()) is not None:
        session, number = asked
        line.setdefault("connection", connection_id(session))
        line.setdefault("request", number)
    return line
