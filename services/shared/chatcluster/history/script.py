"""Lua that runs inside Redis."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha1
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Script:
    """`sha` is the name under which Redis knows `text` once it was loaded."""

    text: bytes
    sha: str

    @classmethod
    def load(cls, *names: str) -> Script:
        """One script of the files *names*, in this order: in Redis none can import another."""
        folder = files("chatcluster.history") / "scripts"
        text = b"\n".join((folder / f"{name}.lua").read_bytes() for name in names)
        return cls(text, sha1(text, usedforsecurity=False).hexdigest())
