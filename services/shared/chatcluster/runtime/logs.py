"""Log lines: one event name and its key/values each.

Event names are constants (`gateway_ready`), so that they can be searched and counted; what varies
is a value. What users write to each other is a value only of `message`, where the settings say so.
"""

from __future__ import annotations

import logging
import sys
from typing import Literal

import structlog
from structlog.stdlib import BoundLogger, ProcessorFormatter
from structlog.typing import EventDict, Processor

from chatcluster.runtime.asked import say_who_asked

# At `info` these write a line per request or packet, with its contents.
TALKATIVE = ("aiohttp", "socketio", "engineio")
# Its warnings repeat what a client wrote in its handshake.
QUOTING = "aiohttp.websocket"

_SHARED: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    say_who_asked,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)


def configure(level: str, format: Literal["json", "text"]) -> None:
    """Write log lines to standard output from now on, those of libraries too; may be called again.

    Standard error stays free for the one sentence of a program that cannot start.
    """
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.PositionalArgumentsFormatter(),
            ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=BoundLogger,
        cache_logger_on_first_use=False,
    )
    # Through a stdlib handler, because that survives a reader that goes away; a bare print would
    # raise in the caller.
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=[*_SHARED, structlog.stdlib.ExtraAdder()],
            processors=[ProcessorFormatter.remove_processors_meta, *_rendering(format)],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    logging.getLogger(QUOTING).setLevel(logging.ERROR)


def get_logger(name: str) -> BoundLogger:
    """A logger whose lines carry *name*; may be called before `configure`."""
    logger: BoundLogger = structlog.stdlib.get_logger(name)
    return logger


def _rendering(format: Literal["json", "text"]) -> list[Processor]:
    if format == "json":
        return [
            structlog.processors.format_exc_info,
            _put_first,
            structlog.processors.JSONRenderer(),
        ]
    console = structlog.dev.ConsoleRenderer(
        colors=sys.stdout.isatty(),
        # The richer formatters print local variables, which hold what users wrote.
        exception_formatter=structlog.dev.plain_traceback,
    )
    return [console]


def _put_first(logger: object, method: str, line: EventDict) -> EventDict:
    """When, how bad and what come before the values, for people who read the JSON."""
    first = {key: line[key] for key in ("timestamp", "level", "event") if key in line}
    return {**first, **line}
