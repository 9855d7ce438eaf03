"""The commands of the documentation, and which test answers for which.

A test takes a block of commands from its page by one of the three functions below, which is at the
same time its claim to answer for it: `tests/unit/test_documented.py` reads the claims in the source
of all tests, and fails for a block that nobody claims.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", *sorted(f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")))
LANGUAGES = ("console", "sh", "bash")
_BLOCK = re.compile(rf"^```({'|'.join(LANGUAGES)})\n(.*?)^```", re.MULTILINE | re.DOTALL)
_HERE = re.compile(r"<<(\w+)$")


@dataclass(frozen=True, slots=True)
class Block:
    """`commands`: each as one types it, without the prompt, perhaps of several lines."""

    page: str
    line: int
    text: str
    commands: tuple[str, ...]

    @property
    def script(self) -> str:
        return "\n".join(self.commands)


def executed(page: str, containing: str) -> Block:
    """The block of *page* that is this text, or has it in it, for a test that runs every command
    as it stands, but for addresses and names.
    """
    return named(page, containing)


def on_cluster(page: str, containing: str) -> Block:
    """The same, for a test that does so on a real cluster (`make e2e`)."""
    return named(page, containing)


def checked(page: str, containing: str) -> Block:
    """The same, for a test that does not run it (it would end never, or elsewhere), but makes sure
    that the commands, options, variables and files in it are there.
    """
    return named(page, containing)


def blocks(page: str) -> tuple[Block, ...]:
    return _blocks(page, (ROOT / page).read_text())


@cache
def _blocks(page: str, text: str) -> tuple[Block, ...]:
    return tuple(
        Block(page, text.count("\n", 0, found.start()) + 1, found[2], _commands(*found.groups()))
        for found in _BLOCK.finditer(text)
    )


def _commands(language: str, text: str) -> tuple[str, ...]:
    """In a `console` they follow a prompt, and the rest is what they print."""
    if language != "console":
        return (text.rstrip("\n"),)
    commands: list[str] = []
    end = ""  # of what a command is given to read
    for line in text.splitlines():
        if line.startswith("$ "):
            commands.append(line[2:])
            here = _HERE.search(line)
            end = here[1] if here else ""
        elif end or (commands and commands[-1].endswith("\\")):
            commands[-1] += f"\n{line}"
            end = "" if line == end else end
    return tuple(commands)


def named(page: str, containing: str) -> Block:
    """The one that is this text, or else that has it in it."""
    found = [block for block in blocks(page) if block.script == containing] or [
        block for block in blocks(page) if containing in block.text
    ]
    if len(found) != 1:
        raise LookupError(f"{page}: {len(found)} blocks of commands contain {containing!r}")
    return found[0]
