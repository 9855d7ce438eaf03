"""Where programs of a run that start look for the fan-out in force."""

from __future__ import annotations

from pathlib import Path

import orjson

from chat_local.run_file import replace_file
from chatcluster.core.switch import Switch
from chatcluster.core.switch_json import switch_as_json
from chatcluster.runtime.lifecycle import StartError


def tell_starting(path: Path, start: Switch) -> None:
    """Those that start from now on begin in *start*. Raises StartError if they cannot be told."""
    content = orjson.dumps(switch_as_json(start))
    try:
        if path.exists() and path.read_bytes() == content:
            return
        replace_file(path, content)
    except OSError as error:
        raise StartError(f"cannot write {path}: {error.strerror}") from error
