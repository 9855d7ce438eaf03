"""How every program begins and ends."""

from __future__ import annotations

import asyncio
import errno
import faulthandler
import os
import re
import signal
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import uvloop

from chatcluster.runtime.leaving import LEAVE_SECONDS, end_with_a_word
from chatcluster.runtime.logs import get_logger
from chatcluster.runtime.settings import SettingsError

CANNOT_START = 2  # the exit code, as of a wrong command line
INTERRUPTED = 130  # 128 + SIGINT, as shells say it
_STANDARD_ERROR = 2


class StartError(Exception):
    """Why this program cannot start, in one sentence that names an address or a setting."""


def run(main: Coroutine[Any, Any, int | None]) -> int:
    """Run *main* on uvloop until it returns, and return the exit code: what it returns, or 0.

    What keeps a program from starting (SettingsError, StartError, a port that is taken) becomes one
    line on standard error and code 2; whatever else goes wrong is logged with a traceback, code 1.
    """
    try:
        return uvloop.run(main) or 0
    except KeyboardInterrupt:  # before anybody listened for signals
        return INTERRUPTED
    except (SettingsError, StartError) as error:
        return refuse(str(error))
    except OSError as error:
        if error.errno not in _BINDING:
            return _crashed()
        return refuse(error.strerror or str(error))
    except Exception:
        return _crashed()
    finally:
        faulthandler.cancel_dump_traceback_later()


def refuse(sentence: str) -> int:
    """Say on standard error, in one line, why there is nothing to run; returns the exit code."""
    print(f"chatcluster: {' '.join(sentence.split())}", file=sys.stderr, flush=True)
    return CANNOT_START


@contextmanager
def stop_signal(within: float | None = None) -> Iterator[asyncio.Event]:
    """An event that SIGTERM or SIGINT sets, or SIGHUP (a closed terminal) unless it is ignored.

    *within*: seconds that leaving takes by the settings. A program that still runs LEAVE_SECONDS
    after those ends all the same: it logs what it waits for, and the code is 1. Where the event
    loop stands still, standard error tells where, a second later.

    A second signal ends the process at once, with code 130. Must be entered in the main thread, on
    the running loop of `run`.
    """
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()
    signals = 0

    def on_signal(number: int, frame: FrameType | None) -> None:
        nonlocal signals
        signals += 1
        if signals > 1:
            os._exit(INTERRUPTED)
        loop.call_soon_threadsafe(asked.set)
        if within is not None:
            seconds = within + LEAVE_SECONDS
            loop.call_soon_threadsafe(loop.call_later, seconds, end_with_a_word, seconds)
            faulthandler.dump_traceback_later(seconds + 1, exit=True, file=_STANDARD_ERROR)

    numbers = [signal.SIGTERM, signal.SIGINT]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    # Handlers of the signal module, not of the loop: a second Ctrl-C works on a stalled loop too.
    before = {number: signal.signal(number, on_signal) for number in numbers}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def listening(host: str, port: int, *, setting: str) -> Iterator[None]:
    """Wrap the opening of a listening socket.

    What goes wrong becomes a StartError that names the address and *setting* (`admin_port`).
    """
    try:
        yield
    except OSError as error:
        reason = _BINDING.get(error.errno or 0, error.strerror or str(error))
        option, variable = setting.replace("_", "-"), setting.upper()
        raise StartError(
            f"cannot listen on {host}:{port}: {reason} (--{option}, CHAT_{variable})"
        ) from error


def shown(url: str) -> str:
    """*url* as it may be printed: without user, password, or a password in its query."""
    # Up to the last "@", because a password that was not escaped may hold "/" or "@" itself.
    url = re.sub(r"(?<=://).*@", "***@", url, flags=re.DOTALL)
    return re.sub(r"(?i)([?&](?:password|token)=)[^&#]*", r"\1***", url)


_BINDING = {
    errno.EADDRINUSE: "another program listens there",
    errno.EADDRNOTAVAIL: "this machine has no such address",
    errno.EACCES: "no permission to use this port",
}


def _crashed() -> int:
    get_logger(__name__).critical("crashed", exc_info=True)
    return 1
