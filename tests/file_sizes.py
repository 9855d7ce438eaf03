"""Says which source files have grown over 250 lines, and fails if there are any."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

LIMIT = 250
SOURCES = {".py", ".lua", ".js", ".mjs", ".css", ".html"}


def main() -> int:
    files = subprocess.run(
        ["git", "ls-files"], capture_output=True, text=True, check=True
    ).stdout.split("\n")
    long = [
        (name, lines)
        for name in files
        if Path(name).suffix in SOURCES and ".min." not in name and Path(name).is_file()
        if (lines := len(Path(name).read_text().splitlines())) > LIMIT
    ]
    for name, lines in long:
        print(f"{name}: {lines} lines, at most {LIMIT}")
    return 1 if long else 0


if __name__ == "__main__":
    sys.exit(main())
