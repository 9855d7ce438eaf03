"""The CustomResourceDefinition, the examples of the documentation, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft4Validator

from chat_operator.crd import RULES, definition
from chat_operator.fanout_spec import Fanout
from chat_operator.spec import SpecError, read_spec
from chat_operator.status import as_json
from chatcluster.runtime.settings import ClusterSettings
from tests.operator.fake_cluster import FakeCluster
from tests.operator.test_conditions import QUIET, _status
from tests.operator.views import OBJECTS, autoscale

PAGE = Path(__file__).parents[2] / "docs" / "operator.md"
EXAMPLES: list[dict[str, Any]] = [
    yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
]
VERSION = definition()["spec"]["versions"][0]
SCHEMA = VERSION["schema"]["openAPIV3Schema"]
GOOD: dict[str, Any] = {
    "gateways": {"replicas": 2},
    "fanout": {"mode": "adapter"},
    "objects": OBJECTS,
}


def _parts(schema: Any) -> Iterator[dict[str, Any]]:
    yield schema
    for below in schema.get("properties", {}).values():
        yield from _parts(below)
    for key in ("items", "additionalProperties"):
        if key in schema:
            yield from _parts(schema[key])


def test_the_schema_is_structural() -> None:
    """Kubernetes: each part has a type; no references, alternatives or nulls."""
    for part in _parts(SCHEMA):
        assert "type" in part
        assert not part.keys() & {"$ref", "anyOf", "oneOf", "title", "const", "patternProperties"}
        assert "properties" not in part or "additionalProperties" not in part


def test_everything_is_described() -> None:
    for part in _parts(SCHEMA["properties"]["spec"]):
        for name, below in part.get("properties", {}).items():
            assert below.get("description"), name


def test_numbers_of_time_say_their_unit() -> None:
    for part in _parts(SCHEMA["properties"]["spec"]):
        for name, below in part.get("properties", {}).items():
            if name.endswith("Seconds"):
                assert "econds" in below["description"], name


def test_scale_has_what_an_autoscaler_reads() -> None:
    assert VERSION["subresources"]["scale"] == {
        "specReplicasPath": ".spec.gateways.replicas",
        "statusReplicasPath": ".status.replicas",
        "labelSelectorPath": ".status.selector",
    }


def test_a_status_fits_its_schema() -> None:
    Draft4Validator(SCHEMA["properties"]["status"]).validate(as_json(_status(QUIET)))


def test_each_rule_has_a_sentence_that_the_operator_says_too() -> None:
    sentences = {sentence for rules in RULES.values() for _, sentence in rules}
    said = {
        str(refusal.value).partition(": ")[2] or str(refusal.value)
        for refusal in (_refusal(broken) for broken in REFUSED.values())
    }
    assert all(any(sentence in one for one in said) for sentence in sentences)


REFUSED: dict[str, dict[str, Any]] = {
    "no number of gateways": {"gateways": {}},
    "two ways to a number": {"gateways": {"replicas": 1, **autoscale()}},
    "an external number of a number of one's own": {"gateways": {"external": True, **autoscale()}},
    "more at least than at most": {"gateways": autoscale(3, 2)},
    "hub without hubs": {"fanout": {"mode": "hub"}, "hubs": {"replicas": 0}},
    "hubs without a name": {"hubs": {"replicas": 1}, "objects": {**OBJECTS, "hubs": None}},
    "workers without a name": {"workers": {"replicas": 1}, "objects": {**OBJECTS, "workers": None}},
    "no gateway": {"gateways": {"replicas": 0}},
    "a mode that is no name": {"fanout": {"mode": "Redis!"}},
    "a field that there is not": {"gateway": {}},
    "an option that there is not": {"fanout": {"mode": "adapter", "adapter": {"speed": 9}}},
    "a secret among the options": {"fanout": {"mode": "adapter", "adapter": {"url": "redis://"}}},
    "an option beyond its limit": {"fanout": {"mode": "adapter", "adapter": {"streamCount": 0}}},
    "everything at once": {"drain": {"maxMovingPercent": 101}},
    "paused somehow": {"paused": "perhaps"},
}


def _refusal(broken: dict[str, Any]) -> pytest.ExceptionInfo[SpecError]:
    with pytest.raises(SpecError) as refusal:
        read_spec({**GOOD, **broken})
    return refusal


@pytest.mark.parametrize("broken", REFUSED.values(), ids=REFUSED)
def test_it_is_refused_with_a_sentence(broken: dict[str, Any]) -> None:
    assert re.search(r"\w+: \w+", str(_refusal(broken).value))


def test_no_secret_is_part_of_the_spec() -> None:
    for mode in ("adapter", "redis", "postgres", "hub"):
        block = Fanout.model_fields[mode].annotation
        assert not {f"{mode}_url", f"{mode}_urls", f"{mode}_dsn", f"{mode}_token"} & {
            f"{mode}_{name}"
            for name in block.__args__[0].model_fields  # type: ignore[union-attr]
        }


def test_the_options_of_a_mode_are_settings_of_the_programs() -> None:
    wanted = read_spec({**GOOD, "fanout": {"mode": "adapter", "adapter": {"streamCount": 3}}})
    options = wanted.fanout.target.options
    assert options == {"adapter_stream_count": 3}
    assert options.keys() <= ClusterSettings.model_fields.keys()


def test_there_are_five_examples() -> None:
    assert len(EXAMPLES) == 5


@pytest.mark.parametrize("number", range(5))
def test_the_example_is_taken_and_does_what_it_says(number: int) -> None:
    example = EXAMPLES[number]
    Draft4Validator(SCHEMA).validate(example)
    wanted = read_spec(example["spec"])
    cluster = FakeCluster(wanted, replicas=2)
    cluster.homeless = 100
    cluster.run(120)
    assert all(one.switch.target == wanted.fanout.target for one in cluster.gateways)
    assert len(cluster.gateways) == (wanted.gateways.replicas or 2)
    ready = next(one for one in cluster.status["conditions"] if one["type"] == "Ready")
    assert ready["status"] == "True"
