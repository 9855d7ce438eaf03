"""The end of a program that does not end by itself."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chatcluster.runtime.logs import get_logger

LEAVE_SECONDS = 8.0  # beyond those of the settings: what is closed waits for others, some seconds
NOT_LEFT = 1  # the exit code

log = get_logger(__name__)


def end_with_a_word(seconds: float) -> None:
    """End this process at once, and log what kept it for *seconds*. Called on the event loop."""
    log.critical("not_left", seconds=seconds, waiting=[_told(one) for one in asyncio.all_tasks()])
    logging.shutdown()
    os._exit(NOT_LEFT)


def _told(task: asyncio.Task[Any]) -> str:
    where = " > ".join(_stack(task)) or repr(task.get_coro())
    return f"{task.get_name()}: {where}"


def _stack(task: asyncio.Task[Any]) -> Iterator[str]:
    """Where *task* waits, outermost call first. (Its own `get_stack` knows the outermost alone.)"""
    at: Any = task.get_coro()
    while at is not None:
        frame = getattr(at, "cr_frame", None) or getattr(at, "gi_frame", None)
        if frame is not None:
            code = frame.f_code
            yield f"{code.co_qualname} ({Path(code.co_filename).name}:{frame.f_lineno})"
        at = getattr(at, "cr_await", None) or getattr(at, "gi_yieldfrom", None)
