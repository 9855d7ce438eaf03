"""All tests of the port and their fixtures, to be imported with `*` into a test module that has
HARNESSES: a `Harness` for each name of a mode (or of a variant) under test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from inspect import iscoroutinefunction
from typing import Any

import pytest

from chatcluster.testing.fixtures import (
    carrier,
    durable,
    enter,
    enter_elsewhere,
    harness,
    pytest_generate_tests,
)
from chatcluster.testing.suite import asking, asking_outage, carrying, claims, contents, outage

MODULES = (carrying, contents, asking, outage, asking_outage, claims)


def tests() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every test with its name, in the order of the promises."""
    for module in MODULES:
        for name, value in vars(module).items():
            if name.startswith("test_"):
                yield name, value


__all__ = [
    "carrier",
    "durable",
    "enter",
    "enter_elsewhere",
    "harness",
    "pytest_generate_tests",
    *(name for name, _ in tests()),
]

for _name, _test in tests():
    # Whatever the importing project's `asyncio_mode` is.
    globals()[_name] = pytest.mark.asyncio(_test) if iscoroutinefunction(_test) else _test
