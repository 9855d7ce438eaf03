"""What docs/operator.md says of each field and condition, from the operator's models."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from chat_operator.crd import status_schema
from chat_operator.schema import structural
from chat_operator.spec import ChatClusterSpec
from chat_operator.statements import JUDGES

_PLACE = re.compile(r"(<!-- (spec|status|conditions) -->\n).*?(<!-- /\2 -->)", re.DOTALL)
_HEAD = "| Field | Type | Default | Description |\n|---|---|---|---|\n"
# A map of the user's own keys, and what only the operator itself reads.
_CLOSED = ("fanout.hub.routes", "memory")


def operator_page(page: str) -> str:
    """*page* with its tables as they should be."""
    tables = {
        "spec": _HEAD + "".join(_rows(structural(ChatClusterSpec))),
        "status": _HEAD + "".join(_rows(status_schema())),
        "conditions": _conditions(),
    }
    written, count = _PLACE.subn(lambda at: at[1] + tables[at[2]] + at[3], page)
    assert count == len(tables), "the page has one place for each table"
    return written


def _rows(schema: Mapping[str, Any], path: str = "") -> Iterator[str]:
    required = schema.get("required", [])
    for name, part in schema["properties"].items():
        whole = f"{path}{name}"
        cells = (f"`{whole}`", _kind(part), _default(part, name in required), _about(part))
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"
        below = part.get("items", part)
        if "properties" in below and whole not in _CLOSED:
            yield from _rows(below, f"{whole}[]." if "items" in part else f"{whole}.")


def _kind(part: Mapping[str, Any]) -> str:
    if "enum" in part:
        return " or ".join(f"`{choice}`" for choice in part["enum"])
    if part["type"] == "array":
        return "list"
    if part["type"] == "object":
        return "" if "properties" in part else "map"
    limits = [
        f"{word} {part[key]}"
        for key, word in (("minimum", "from"), ("maximum", "to"))
        if key in part
    ]
    return " ".join([str(part.get("format", part["type"])), *limits])


def _default(part: Mapping[str, Any], required: bool) -> str:
    if "default" in part:
        return f"`{json.dumps(part['default'])}`"
    return "required" if required else ""


def _about(part: Mapping[str, Any]) -> str:
    return str(part.get("description", ""))


def _conditions() -> str:
    """Each says of itself when it is true."""
    rows = "".join(
        f"| `{name}` | {' '.join(str(judge.__doc__).split())} |\n" for name, judge in JUDGES.items()
    )
    return f"| Condition | True when |\n|---|---|\n{rows}"
