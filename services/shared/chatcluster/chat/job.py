"""A job for workers: an event that is to be worked on, as it is kept until that is done.

It is JSON like the messages of mode `redis` (docs/redis-mode.md), so that any program can write it:

    event       its name
    namespace   "/" if it is left out
    room        where it happened; left out for everybody in the namespace
    args        the event's arguments, as a list
    id          what makes it this job and no other; left out, it gets one when it is stored
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chatcluster.core.errors import MalformedError
from chatcluster.fanout.redis import values

JOBS, DEAD = "jobs", "jobs:dead"  # the streams, behind the prefix
FIELD = "job"  # of an entry


@dataclass(frozen=True, slots=True)
class Job:
    """Two jobs of one `id` are one job that was stored twice; "" is not an id yet."""

    event: str
    namespace: str = "/"
    room: str = ""
    args: tuple[Any, ...] = ()
    id: str = ""

    def encode(self) -> bytes:
        """Raises MalformedError for arguments that JSON has no form for."""
        fields: dict[str, Any] = {"event": self.event, "args": self.args}
        if self.namespace != "/":
            fields["namespace"] = self.namespace
        if self.room:
            fields["room"] = self.room
        if self.id:
            fields["id"] = self.id
        return values.dump(fields)

    @classmethod
    def decode(cls, text: bytes, id: str) -> Job:
        """The inverse; *id* is for a job that has none. Raises MalformedError."""
        fields = values.load(text)
        if not isinstance(fields, dict):
            raise MalformedError("a job is an object")
        args = fields.get("args", [])
        texts = {
            name: fields.get(name, default)
            for name, default in (("event", ""), ("namespace", "/"), ("room", ""), ("id", ""))
        }
        for name, value in texts.items():
            if not isinstance(value, str):
                raise MalformedError(f"{name}: a text is expected")
        if not texts["event"] or not isinstance(args, list):
            raise MalformedError("a job has an event, and args that are a list")
        return cls(**{**texts, "id": texts["id"] or id}, args=tuple(args))
