"""A plugin of pytest: a test that hangs, or cannot be reported, fails, and the others go on.

pytest-timeout reads the setting `timeout` and the marker. Its own alarm counts from a test's set-up
to its tear-down, and also rings while pytest itself works in between, which ends the whole run; and
after a failure nothing bounds the tear-down. Here, set-up, call and tear-down of a test may each
take that long, and it rings nowhere else.
"""

from __future__ import annotations

import gc
import signal
import threading
import traceback
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest
import pytest_timeout

SETTINGS = pytest.StashKey[Any]()


@pytest.hookimpl(tryfirst=True)
def pytest_timeout_set_timer(item: pytest.Item, settings: Any) -> bool | None:
    """Called by pytest-timeout before the set-up."""
    main = threading.current_thread() is threading.main_thread()
    if settings.method != "signal" or settings.func_only or not main:
        return None  # what is asked for is its own way
    item.stash[SETTINGS] = settings
    return True


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    with _alarm(item):
        return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    with _alarm(item):
        return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    with _alarm(item):
        return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    # What is collected meanwhile may warn, and be shown with its source: CPython 3.11 does not bear
    # `ast.parse` within `ast.parse` ("AST constructor recursion depth mismatch").
    gc.disable()
    try:
        return (yield)
    except Exception:
        when = call.when
        assert when != "collect"
        said = f"{call.excinfo!r}\nThe report of it failed:\n{traceback.format_exc()}"
        return pytest.TestReport(item.nodeid, item.location, {}, "failed", said, when)
    finally:
        gc.enable()


@contextmanager
def _alarm(item: pytest.Item) -> Iterator[None]:
    settings = item.stash.get(SETTINGS, None)
    if settings is None:
        yield
        return

    def ring(number: int, frame: FrameType | None) -> None:
        pytest_timeout.timeout_sigalrm(item, settings)

    signal.signal(signal.SIGALRM, ring)
    # Again and again: of a tear-down, each finalizer may hang.
    signal.setitimer(signal.ITIMER_REAL, settings.timeout, settings.timeout)
    try:
        yield
    finally:
        try:
            signal.setitimer(signal.ITIMER_REAL, 0)
        finally:  # it may have rung just before
            signal.setitimer(signal.ITIMER_REAL, 0)
