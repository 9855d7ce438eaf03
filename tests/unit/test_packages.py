"""What is installed is all that there is: a package that is left out fails only in the image."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]


def test_every_package_is_installed():
    there = {
        ".".join([name, *init.parent.relative_to(ROOT / folder).parts])
        for name, folder in SETTINGS["package-dir"].items()
        for init in (ROOT / folder).rglob("__init__.py")
    }
    assert there == set(SETTINGS["packages"])
