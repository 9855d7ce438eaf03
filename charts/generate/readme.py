"""The chart's README.md, in the manner of helm-docs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from charts.generate.comments import Value
from charts.generate.settings_groups import Setting, group

_INTRODUCTION = """\
# {name}

{description}

Version {version}, for Kubernetes {kubernetes}. How to install, what to choose and what is refused:
[docs/kubernetes.md](../../docs/kubernetes.md).

Made from `Chart.yaml`, `values.yaml` and the programs' settings by `make generate`.

## Values

| Key | Type | Default | Description |
|---|---|---|---|
"""


def readme(chart: dict[str, Any], values: Iterable[Value]) -> str:
    """The page, from Chart.yaml and values.yaml."""
    every = [value for top in values for value in top.all()]
    introduction = _INTRODUCTION.format(
        name=chart["name"],
        description=chart["description"],
        version=chart["version"],
        kubernetes=chart["kubeVersion"].removesuffix("-0").removeprefix(">=") + " and later",
    )
    rows = [_row(value) for value in every if value.children is None]
    blocks = [_block(value) for value in every if value.settings is not None]
    return introduction + "\n".join(rows) + "\n" + "".join(blocks)


def _row(value: Value) -> str:
    cells = (
        f"`{'.'.join(value.path)}`",
        _kind(value),
        _shown(value.default),
        value.description,
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _kind(value: Value) -> str:
    if value.settings is not None:
        return f"[settings](#{'.'.join(value.path).replace('.', '').lower()})"
    if value.schema.get("enum"):
        return "one of " + ", ".join(f"`{choice}`" for choice in value.schema["enum"])
    kind = value.schema.get("type") or _NAMES.get(type(value.default), "string")
    kinds = [kind] if isinstance(kind, str) else [one for one in kind if one != "null"]
    return " or ".join(_SHORT.get(one, one) for one in kinds)


_NAMES = {bool: "bool", int: "int", float: "float", list: "list", dict: "object"}
_SHORT = {"integer": "int", "number": "float", "boolean": "bool", "array": "list"}


def _shown(default: object) -> str:
    return "" if default is None else f"`{json.dumps(default, ensure_ascii=False)}`"


def _block(value: Value) -> str:
    assert value.settings is not None
    rows = "\n".join(_setting(setting) for setting in group(**value.settings))
    heading = f"\n### {'.'.join(value.path)}\n\n{value.description}\n\n"
    return f"{heading}| Key | Variable | Default | Description |\n|---|---|---|---|\n{rows}\n"


def _setting(setting: Setting) -> str:
    cells = (
        f"`{setting.key}`",
        f"`{setting.variable}`",
        _shown(setting.schema.get("default")),
        str(setting.schema["description"]) + _choices(setting),
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _choices(setting: Setting) -> str:
    choices = setting.schema.get("enum")
    return f" One of {', '.join(f'`{choice}`' for choice in choices)}." if choices else ""
