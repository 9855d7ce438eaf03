"""The code in docs/new-mode.md is the example's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "new-mode.md").read_text()
BLOCKS = re.findall(r"^```(?:python|toml|sh)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
EXAMPLE = [
    path.read_text()
    for path in (ROOT / "examples" / "nats-mode").rglob("*")
    if path.suffix in {".py", ".toml", ".sh"}
]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.strip().split("\n")[0])
def test_a_block_of_code_is_in_the_example(block: str) -> None:
    assert any(block in text for text in EXAMPLE)


def test_there_are_blocks_of_code() -> None:
    assert len(BLOCKS) > 10
