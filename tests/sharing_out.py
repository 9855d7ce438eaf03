"""A plugin of pytest: which tests run where and in which order, side by side (pytest-xdist).

With `--dist loadfile --no-loadscope-reorder` a file's tests go to one process, which has servers
for them, and files are handed out in the order of collection.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from xdist.remote import Producer
    from xdist.scheduler import LoadFileScheduling

MANY = 200  # tests in a file
# Their tests take minutes, mostly to wait, with servers of their own each.
APART = frozenset({"tests/e2e/test_carrier_faults.py", "tests/e2e/test_survival.py"})


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A long file must not be the last."""
    tests, slow = Counter(item.path for item in items), Counter[Path]()
    for item in items:
        slow[item.path] += item.get_closest_marker("slow") is not None
    items.sort(
        key=lambda item: (
            _file(item.nodeid) not in APART,
            -slow[item.path],
            -(tests[item.path] // MANY),
        )
    )


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling | None:
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):  # type: ignore[misc] # it has no types
        def _split_scope(self, nodeid: str) -> str:
            return nodeid if _file(nodeid) in APART else super()._split_scope(nodeid)

    return Scheduling(config, log)


def _file(nodeid: str) -> str:
    return nodeid.partition("::")[0]
