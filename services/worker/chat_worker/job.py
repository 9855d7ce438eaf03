"""What somebody needs who writes a job (docs/workers.md)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from chatcluster.runtime.worker_settings import WorkerSettings


@dataclass(frozen=True, slots=True)
class Task:
    """An event to work on; for a chat message, also who said what. `attempt` counts from 1."""

    id: str
    event: str
    room: str  # "" is everybody in the namespace
    args: tuple[Any, ...]
    namespace: str = "/"
    attempt: int = 1

    @property
    def nick(self) -> str:
        return self._field("nick")

    @property
    def text(self) -> str:
        return self._field("message")

    def _field(self, name: str) -> str:
        """Of the event's first argument; "" where there is none."""
        first = self.args[0] if self.args else None
        value = first.get(name) if isinstance(first, dict) else None
        return value if isinstance(value, str) else ""


class Answers(Protocol):
    """What a job can do. All methods raise HistoryError or FanoutError when it could not be done;
    let it out, and the job is tried again.
    """

    async def say(self, text: str, *, nick: str = "", room: str | None = None) -> str:
        """Post a message into the task's room, or *room*; returns its id.

        A further attempt that says its first, second, … thing again does not say it twice: what was
        stored first stays.
        """

    async def emit(self, event: str, *args: Any, room: str | None = None) -> None:
        """Send an event to the clients that are in the room now; a further attempt repeats it."""

    async def take_back(self) -> None:
        """Delete the task's message, from the log and from those who have it; a further attempt
        does it again.
        """

    async def people(self) -> tuple[int, Sequence[str]]:
        """How many have joined the task's room, on all gateways; and nicknames, 200 at most."""


class Work(Protocol):
    """A kind of job. `events` are those that it wants to hear of."""

    @property
    def events(self) -> Collection[str]: ...

    async def run(self, task: Task, answers: Answers) -> None:
        """Return when it is done; what is raised makes the task be tried again, later, perhaps by
        another worker. So whatever is done besides *answers* must do no harm when it is done twice.
        """


Factory = Callable[[WorkerSettings], Work]  # what an entry point of `chatcluster.jobs` names
