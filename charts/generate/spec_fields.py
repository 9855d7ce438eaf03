"""Fields of the ChatCluster's spec that are values of the chart, below `cluster`."""

from __future__ import annotations

from typing import Any

from chat_operator.spec import ChatClusterSpec

Schema = dict[str, Any]

_SPEC = ChatClusterSpec.model_json_schema()
# Made of other values: the names of objects, and how many hubs and workers there are.
DECIDED = frozenset({"objects", "hubs", "workers"})


def field(path: tuple[str, ...]) -> Schema:
    """The schema of the field at *path*, without a description of its own. Raises KeyError where
    there is none.
    """
    schema: Schema = _SPEC
    for name in path:
        schema = _whole(schema)["properties"][name]
    return {key: part for key, part in _plain(schema).items() if key != "description"}


def fields(path: tuple[str, ...] = ()) -> dict[str, Schema]:
    """The schemas of the fields below *path*, by name; none of a plain value."""
    schema = field(path) if path else _plain(_SPEC)
    found: dict[str, Schema] = schema.get("properties", {})
    return found


def _plain(schema: Schema) -> Schema:
    """Without references, titles, and defaults that are None."""
    whole = _whole(schema)
    plain = {
        key: part
        for key, part in whole.items()
        if key not in ("title", "$defs", "properties", "items")
        if not (key == "default" and part is None)
    }
    if "properties" in whole:
        plain["properties"] = {name: _plain(part) for name, part in whole["properties"].items()}
    if "items" in whole:
        plain["items"] = _plain(whole["items"])
    return plain


def _whole(schema: Schema) -> Schema:
    """With what it refers to; what may also be null says so in its type."""
    if "$ref" in schema:
        referred: Schema = _SPEC["$defs"][schema["$ref"].rpartition("/")[2]]
        return referred | _beside(schema, "$ref")
    if "anyOf" in schema:
        (other,) = (part for part in schema["anyOf"] if part != {"type": "null"})
        whole = _whole(other)
        kinds = {"type": [whole["type"], "null"]}
        if "enum" in whole:
            # Helm keeps what was given where null is given instead: an empty text takes it back.
            kinds["enum"] = [*whole["enum"], "", None]
        return whole | kinds | _beside(schema, "anyOf")
    return schema


def _beside(schema: Schema, key: str) -> Schema:
    return {name: part for name, part in schema.items() if name != key}
