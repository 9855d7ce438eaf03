"""The chart's README.md, in the manner of helm-docs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from charts.generate.comments import Value
from charts.generate.settings_groups import Setting, group
from charts.generate.spec_fields import Schema, field, fields

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
    blocks += [_spec_block(value) for value in every if value.spec and fields(value.path[1:])]
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
        return f"[settings]({_anchor(value)})"
    schema = field(value.path[1:]) if value.spec else value.schema
    if "properties" in schema:
        return f"[object]({_anchor(value)})"
    return _kind_of(schema, value.default)


def _anchor(value: Value) -> str:
    return "#" + "".join(value.path).lower()


def _kind_of(schema: Mapping[str, Any], default: object) -> str:
    if schema.get("enum"):
        choices = list(filter(None, schema["enum"]))
        return "one of " + ", ".join(f"`{choice}`" for choice in choices)
    kind = schema.get("type") or _NAMES.get(type(default), "string")
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


def _spec_block(value: Value) -> str:
    rows = "\n".join(_field(name, schema) for name, schema in fields(value.path[1:]).items())
    heading = f"\n### {'.'.join(value.path)}\n\n{value.description}\n\n"
    return f"{heading}| Key | Type | Default | Description |\n|---|---|---|---|\n{rows}\n"


def _field(name: str, schema: Schema) -> str:
    cells = (
        f"`{name}`",
        _kind_of(schema, schema.get("default")),
        _shown(schema.get("default")),
        str(schema["description"]),
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
