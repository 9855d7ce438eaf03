"""values.yaml, its schema and its README say the same, and nothing else is taken."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
import yaml

from charts.generate.__main__ import made, main
from charts.generate.comments import UndocumentedError, read
from charts.generate.schema import values_schema
from tests.chart.cases import CASES
from tests.chart.chart import CHART, RefusedError, render

SCHEMA = json.loads((CHART / "values.schema.json").read_text())
DEFAULTS = yaml.safe_load((CHART / "values.yaml").read_text())
VALUES = [value for top in read((CHART / "values.yaml").read_text()) for value in top.all()]

# Kubernetes itself checks these: they are passed on.
PASSED_ON = {
    "global",
    "securityContext",
    "affinity.nodeAffinity",
    "affinity.podAffinity",
    "affinity.podAntiAffinity",
    "environment[].valueFrom",
    "peers[].ipBlock",
    "peers[].namespaceSelector",
    "peers[].podSelector",
}


def objects(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema of an object, with where it is."""
    if "object" in (schema.get("type"), *(schema.get("type") or ())):
        yield path, schema
    if "items" in schema:
        yield from objects(schema["items"], f"{path}[]")
    for name, part in (schema.get("properties", {}) | schema.get("$defs", {})).items():
        yield from objects(part, f"{path}.{name}".strip("."))


def test_no_object_takes_what_it_does_not_know():
    taking = {
        path for path, schema in objects(SCHEMA) if schema.get("additionalProperties", True) is True
    }
    assert taking == PASSED_ON


def test_the_schema_has_every_value_and_no_other():
    in_schema = {path for path, _ in properties(SCHEMA)} - {"global"}
    in_values = {".".join(value.path) for value in VALUES}
    blocks = {".".join(value.path) for value in VALUES if value.children is None}
    assert {path for path in in_schema if path.rpartition(".")[0] not in blocks} == in_values


def properties(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for name, part in schema.get("properties", {}).items():
        yield f"{path}.{name}".strip("."), part
        yield from properties(part, f"{path}.{name}".strip("."))


def test_everything_is_described_and_has_its_default():
    for path, schema in properties(SCHEMA):
        assert schema["description"], path
        asked_for = path.partition("autoscale.")[2] in ("max", "connectionsPerGateway")
        assert "default" in schema or "properties" in schema or path == "global" or asked_for


@pytest.mark.parametrize("values", [DEFAULTS, *CASES.values()], ids=["values.yaml", *CASES])
def test_values_that_are_used_are_in_the_schema(values):
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    assert list(map(str, jsonschema.Draft7Validator(SCHEMA).iter_errors(values))) == []


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({"gatway": {}}, "gatway"),
        ({"cluster": {"fanout": {"mode": "carrier-pigeon"}}}, "/cluster/fanout/mode"),
        ({"cluster": {"gateways": {"replicas": 0}}}, "/cluster/gateways/replicas"),
        ({"cluster": {"fanout": {"adapter": {"protocoll": "streams"}}}}, "protocoll"),
        ({"cluster": {"fanout": {"redis": {"events": ["a,b"]}}}}, "/cluster/fanout/redis/events"),
        ({"gateway": {"settings": {"textLimit": 0}}}, "/gateway/settings/textLimit"),
        ({"gateway": {"settings": {"port": 80}}}, "port"),
        ({"image": {"digest": "latest"}}, "/image/digest"),
        ({"gateway": {"resources": {"requests": {"cpu": "much"}}}}, "/gateway/resources/requests"),
        ({"valkey": {"persistence": {"size": "big"}}}, "/valkey/persistence/size"),
        ({"networkPolicy": {"prometheus": []}}, "/networkPolicy/prometheus"),
    ],
    ids=lambda part: part if isinstance(part, str) else None,
)
def test_helm_refuses_what_the_schema_does_not_have(values, found):
    with pytest.raises(RefusedError, match=found):
        render(values)


def test_the_generated_files_are_those_that_are_there():
    assert {path: path.read_text() for path in made(CHART)} == made(CHART)
    assert main(["--check"]) == 0


def test_the_readme_names_every_value_that_can_be_set():
    readme = (CHART / "README.md").read_text()
    for value in VALUES:
        if value.children is None:
            assert f"| `{'.'.join(value.path)}` |" in readme


def test_a_value_without_a_description_is_a_mistake():
    with pytest.raises(UndocumentedError, match=r"a\.b: no description"):
        read("# -- A.\na:\n  b: 1\n")


def test_a_comment_that_describes_nothing_is_a_mistake():
    with pytest.raises(UndocumentedError, match="a: the comment has to begin with `# --`"):
        read("# A.\na: 1\n")


def test_a_description_may_go_over_several_lines():
    (value,) = read("# -- One\n# and two.\na: 1\n")
    assert value.description == "One and two."


def test_what_is_said_of_a_value_goes_into_its_schema():
    values = read('# @schema {"minimum": 1}\n# -- A.\na: 1\n')
    assert values_schema(values)["properties"]["a"] == {
        "description": "A.",
        "type": "integer",
        "minimum": 1,
        "default": 1,
    }


@pytest.mark.parametrize("text", ["[]", "{}", ""], ids=["list", "map", "nothing"])
def test_a_value_whose_type_cannot_be_guessed_has_to_give_it(text):
    with pytest.raises(ValueError, match="a: `# @schema` has to give a type"):
        values_schema(read(f"# -- A.\na: {text}\n"))
