"""values.schema.json: closed, with descriptions, from what values.yaml says."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from charts.generate.comments import Value
from charts.generate.kubernetes_types import DEFINITIONS
from charts.generate.settings_groups import group
from charts.generate.spec_fields import field

_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array"}


def values_schema(values: Iterable[Value]) -> dict[str, Any]:
    """The JSON schema of all values."""
    schema = _closed(values)
    schema["properties"]["global"] = {
        "description": "Helm's own, shared with a chart of which this one is a part. Not used.",
        "type": "object",
    }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Values of the chart chatcluster",
        **schema,
        "$defs": DEFINITIONS,
    }


def _closed(values: Iterable[Value]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {value.path[-1]: _schema(value) for value in values},
    }


def _schema(value: Value) -> dict[str, Any]:
    described: dict[str, Any] = {"description": value.description}
    if value.settings is not None:
        return described | _settings(value.settings)
    if value.spec:
        return described | field(value.path[1:]) | {"default": value.default}
    if value.children is not None:
        return described | _closed(value.children)
    typed = described | _typed(value) | {"default": value.default}
    if "$ref" not in typed:
        return typed
    # In draft 7 nothing counts beside a `$ref`.
    reference = typed.pop("$ref")
    return {**typed, "allOf": [{"$ref": reference}]}


def _typed(value: Value) -> dict[str, Any]:
    if "type" in value.schema or "$ref" in value.schema:
        return dict(value.schema)
    kind = _TYPES.get(type(value.default))
    if kind is None or kind == "array":
        raise ValueError(f"{'.'.join(value.path)}: `# @schema` has to give a type")
    return {"type": kind, **value.schema}


def _settings(settings: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {setting.key: dict(setting.schema) for setting in group(**settings)},
        "default": {},
    }
