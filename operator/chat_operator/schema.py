"""JSON schema as pydantic writes it, made into what a CustomResourceDefinition takes.

That is a structural schema (Kubernetes: "Specifying a structural schema"): without references,
alternatives or titles; where properties are named, others are refused by the API server's field
validation and pruned, so there is no `additionalProperties: false`.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from pydantic import BaseModel

Schema: TypeAlias = dict[str, Any]

_DROPPED = ("title", "$defs", "patternProperties", "const", "exclusiveMinimum")


def structural(model: type[BaseModel]) -> Schema:
    """The schema of *model*, by the names that Kubernetes uses."""
    schema = model.model_json_schema(by_alias=True)
    return _structural(schema, schema.get("$defs", {}))


def without_defaults(schema: Schema) -> Schema:
    """Of what a program writes, which leaves nothing to be filled in."""
    made = {key: value for key, value in schema.items() if key != "default"}
    if "properties" in made:
        made["properties"] = {
            name: without_defaults(one) for name, one in made["properties"].items()
        }
    if "items" in made:
        made["items"] = without_defaults(made["items"])
    return made


def _structural(schema: Schema, definitions: Schema) -> Schema:
    schema = _resolved(schema, definitions)
    made = {key: value for key, value in schema.items() if key not in _DROPPED}
    if made.get("default", ...) is None:
        del made["default"]
    if "exclusiveMinimum" in schema:  # a flag in OpenAPI 3.0
        made |= {"minimum": schema["exclusiveMinimum"], "exclusiveMinimum": True}
    if "const" in schema:
        made["enum"] = [schema["const"]]
    if "items" in schema:
        made["items"] = _structural(schema["items"], definitions)
    return _object(made, schema, definitions) if schema.get("type") == "object" else made


def _object(made: Schema, schema: Schema, definitions: Schema) -> Schema:
    made.pop("additionalProperties", None)
    if "properties" in schema:
        made["properties"] = {
            name: _structural(one, definitions) for name, one in schema["properties"].items()
        }
    elif "patternProperties" in schema:
        (values,) = schema["patternProperties"].values()
        made["additionalProperties"] = _structural(values, definitions)
    return made


def _resolved(schema: Schema, definitions: Schema) -> Schema:
    """Without `$ref` and without null as an alternative; what stands beside them stays."""
    if "anyOf" in schema:
        (alternative,) = (one for one in schema["anyOf"] if one.get("type") != "null")
        beside = {key: value for key, value in schema.items() if key != "anyOf"}
        return _resolved({**alternative, **beside}, definitions)
    if "$ref" in schema:
        definition = definitions[schema["$ref"].removeprefix("#/$defs/")]
        beside = {key: value for key, value in schema.items() if key != "$ref"}
        return _resolved({**definition, **beside}, definitions)
    return schema
