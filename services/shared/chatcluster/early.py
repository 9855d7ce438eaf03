"""The moment before a program can leave in order: its imports take a second."""

from __future__ import annotations

import os
import signal
from types import FrameType

ASKED_TO_END = 128 + signal.SIGTERM  # the exit code, as shells say it


def leave_when_asked() -> None:
    """End at once on SIGTERM, until somebody else handles it. Must be called before other imports.

    The first process of a container ignores signals that it does not handle (pid_namespaces(7)), so
    a pod that is deleted just after its start would live on until its grace period is over.
    """
    signal.signal(signal.SIGTERM, _leave)


def _leave(number: int, frame: FrameType | None) -> None:
    os._exit(ASKED_TO_END)
