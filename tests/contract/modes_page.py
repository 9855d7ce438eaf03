"""Writes the table of promises into docs/modes.md (`make generate`), or with --check says whether
it is what the contract suite asserts.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from chatcluster.testing.fanout_suite import tests
from chatcluster.testing.promises import table
from tests.contract.fanouts import HARNESSES
from tests.generated import write_or_check

PAGE = Path(__file__).parents[2] / "docs" / "modes.md"
_TABLE = re.compile(r"(?<=<!-- promises -->\n).*?(?=<!-- /promises -->)", re.DOTALL)


def generated() -> str:
    """The page with the table as it should be."""
    made = table((test for _, test in tests()), HARNESSES)
    page, count = _TABLE.subn(lambda _: made, PAGE.read_text())
    assert count == 1, "the page has one place for the table"
    return page


def main() -> int:
    """The exit code."""
    return write_or_check({PAGE: generated()}, "is not what the contract suite asserts")


if __name__ == "__main__":
    sys.exit(main())
