"""`python -m tests.contract.openapi_files`: writes the schemas at the end of docs/openapi/*.yaml
from the models; with `--check` it only tells what differs, and fails then.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import TypeAdapter

from chat_gateway.moderation.orders import OneOrder
from chat_gateway.operator_routes import Drain, Shed
from chat_hub import denied
from chat_hub.denied import Reason
from chat_hub.orders import RESERVED, Broadcast
from chatcluster.core.deeds import Deed
from chatcluster.core.figures import Figures
from chatcluster.core.sanctions import Sanction
from chatcluster.core.switch import Order
from chatcluster.core.switch_plan import Report
from tests.generated import write_or_check

FOLDER = Path(__file__).parents[2] / "docs" / "openapi"
ADMIN, HUB = FOLDER / "gateway-admin.yaml", FOLDER / "hub.yaml"
_PLACE = "  schemas:\n"  # the last key of each file

_TEXT = {"type": "string"}
_ERROR = {"type": "object", "required": ["error"], "properties": {"error": _TEXT}}
_TAKEN = {
    "type": "object",
    "additionalProperties": False,
    "required": ["id", "gateways"],
    "properties": {"id": _TEXT, "gateways": {"type": "integer", "minimum": 0}},
}


def schemas() -> Mapping[Path, dict[str, Any]]:
    """What each file has, by name."""
    broadcast = _of(Broadcast)
    broadcast["Broadcast"]["properties"]["event"]["not"] = {"enum": sorted(RESERVED)}
    return {
        ADMIN: {
            "Error": _ERROR,
            **_of(Order),
            **_of(Report),
            **_of(Figures),
            **_of(Drain),
            **_of(Shed),
            **_of(Sanction),
            **_of(Deed),
            **{name: part for form in get_args(OneOrder) for name, part in _of(form).items()},
        },
        HUB: {"Denied": _denied(), "Taken": _TAKEN, **broadcast},
    }


def _denied() -> dict[str, Any]:
    codes = sorted(reason.name for reason in vars(denied).values() if isinstance(reason, Reason))
    error = {
        "type": "object",
        "additionalProperties": False,
        "required": ["code", "message"],
        "properties": {"code": {"enum": codes}, "message": _TEXT},
    }
    return {**_ERROR, "properties": {"error": error}}


def _of(model: type) -> dict[str, Any]:
    """A model's schema and those that it is made of."""
    schema = TypeAdapter(model).json_schema(ref_template="#/components/schemas/{model}")
    parts = schema.pop("$defs", {})
    return {name: _plain(part) for name, part in {model.__name__: schema, **parts}.items()}


def _plain(schema: Any) -> Any:
    """Without titles, which only repeat names."""
    if isinstance(schema, list):
        return [_plain(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: _plain(inner)
        for name, inner in schema.items()
        if not (name == "title" and isinstance(inner, str))
    }


def made(path: Path) -> str:
    """The file as it should be."""
    before, place, _ = path.read_text().partition(_PLACE)
    assert place, f"{path.name} ends with its schemas"
    plain = json.loads(json.dumps(schemas()[path]))  # or YAML would refer from one to another
    text = yaml.safe_dump(plain, sort_keys=True, allow_unicode=True, width=120)
    return before + place + "".join(f"    {line}\n" for line in text.splitlines())


def main() -> int:
    """The exit code."""
    return write_or_check({path: made(path) for path in (ADMIN, HUB)}, "is not as it is made")


if __name__ == "__main__":
    sys.exit(main())
