"""Files that are made from others: written, or with `--check` on the command line only compared."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path


def write_or_check(made: Mapping[Path, str], differs: str) -> int:
    """The exit code: 1 if a file is not as it was *made*; its name and *differs* say so."""
    stale = [path for path, text in made.items() if text != path.read_text()]
    if "--check" not in sys.argv:
        for path in stale:
            path.write_text(made[path])
        return 0
    for path in stale:
        print(f"{path.name} {differs}: make generate")
    return 1 if stale else 0
