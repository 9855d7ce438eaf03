"""Every command in README.md and docs/ has a test that answers for it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from tests import documented
from tests.documented import PAGES, ROOT, Block, blocks

WAYS = {way.__name__ for way in (documented.executed, documented.on_cluster, documented.checked)}


class Claim(NamedTuple):
    """What a test says that it answers for, in which file, and whether it does anything with it."""

    way: str
    page: str
    containing: str
    file: str
    used: bool


@cache
def claims() -> tuple[Claim, ...]:
    found: list[Claim] = []
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        if "node_modules" not in path.parts and path != Path(__file__):
            found += claims_of(path.read_text(), str(path.relative_to(ROOT)))
    return tuple(found)


def claims_of(source: str, file: str) -> Iterator[Claim]:
    if "documented" not in source:
        return
    tree = ast.parse(source)
    thrown_away = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and (way := _way(call.func)) in WAYS:
            page, containing = (ast.literal_eval(argument) for argument in call.args)
            yield Claim(way, page, containing, file, call not in thrown_away)


def _way(function: ast.expr) -> str:
    match function:
        case ast.Attribute(value=ast.Name(id="documented"), attr=name) | ast.Name(id=name):
            return name
    return ""


def unclaimed(block: Block, all_claims: tuple[Claim, ...]) -> bool:
    return block not in {documented.named(claim.page, claim.containing) for claim in all_claims}


@pytest.mark.parametrize("page", PAGES)
def test_a_test_answers_for_every_block_of_commands(page: str):
    missing = [
        f"{page}:{block.line}: {block.commands[0]}"
        for block in blocks(page)
        if unclaimed(block, claims())
    ]
    assert not missing, "take these from the page in the test that runs them (tests/documented.py)"


def test_a_claim_is_for_one_block_and_something_is_done_with_it():
    for claim in claims():
        assert documented.named(claim.page, claim.containing).commands
        assert claim.used, claim


def test_what_needs_a_cluster_is_claimed_where_there_is_one():
    for claim in claims():
        assert (claim.way == "on_cluster") == claim.file.startswith("tests/e2e_cluster/"), claim


def test_there_are_commands_and_claims():
    assert sum(len(blocks(page)) for page in PAGES) > 40
    assert {claim.way for claim in claims()} == WAYS


def test_a_block_that_nobody_claims_would_be_found():
    block, *_ = blocks("README.md")
    assert unclaimed(block, ())
    elsewhere = Claim("executed", "docs/getting-started.md", "kind load", "tests/x.py", True)
    assert unclaimed(block, (elsewhere,))


def test_a_claim_that_is_thrown_away_would_be_found():
    [claim] = claims_of("import documented\ndocumented.executed('README.md', 'make run')", "x")
    assert not claim.used


def test_a_console_has_commands_and_what_they_print():
    text = (
        "```console\n$ one\nprinted\n$ two <<END\nread\nEND\nprinted\n$ three \\\n    more\n```\n"
    )
    [block] = documented._blocks("x", text)
    assert block.commands == ("one", "two <<END\nread\nEND", "three \\\n    more")


def test_a_script_is_one_command():
    [block] = documented._blocks("x", "text\n\n```sh\na=1\nb $a\n```\n")
    assert (block.commands, block.line) == (("a=1\nb $a",), 3)
