"""Which of a program's output lines are for the person at the terminal."""

from __future__ import annotations

import json
from typing import Any

from chat_local.plan import Kind

_LOUD = {"warning", "error", "critical"}
_LEFT_OUT = {"timestamp", "level", "event", "logger", "exception"}


def notable(kind: Kind, line: str) -> str | None:
    """The line as a person should see it, or None when it is only for the log file."""
    if kind in ("valkey", "postgres") or not line.strip():
        # Servers have much to say at every start, such as Valkey of the machine's memory settings.
        return None
    fields = _parse(line)
    if fields is None:  # not from the log: a sentence on standard error, or Python itself
        return printable(line.removeprefix("chatcluster: "))
    if fields.get("level") not in _LOUD:
        return None
    return printable(_sentence(fields))


def printable(text: str) -> str:
    """*text* without control characters: what a program prints must not steer the terminal."""
    return "".join(character if character.isprintable() else " " for character in text)


def _sentence(fields: dict[str, Any]) -> str:
    """`event key=value …`, and of an exception its last line; the log file has the rest."""
    values = [f"{key}={value}" for key, value in fields.items() if key not in _LEFT_OUT]
    cause = str(fields.get("exception", "")).strip().rpartition("\n")[2]
    return " ".join([str(fields.get("event", "")), *values, *([f"({cause})"] if cause else [])])


def _parse(line: str) -> dict[str, Any] | None:
    try:
        fields = json.loads(line)
    except ValueError:
        return None
    return fields if isinstance(fields, dict) else None
