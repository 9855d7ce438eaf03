"""The CustomResourceDefinition, from the models: `python -m chat_operator.crd` prints it."""

from __future__ import annotations

import sys
from typing import Any

import yaml

from chat_operator import spec
from chat_operator.schema import Schema, structural, without_defaults
from chat_operator.spec import GROUP, KIND, PLURAL, VERSION, ChatClusterSpec
from chat_operator.status import Status

NAME = f"{PLURAL}.{GROUP}"
ABOUT = (
    "A chat on Socket.IO: how many gateways there are, what carries messages between them, and "
    "how clients are moved when either changes."
)
_MADE = "# Made from the operator's models by `make generate`.\n"

# Rules across fields (CEL), by where they apply, with the sentence for whoever breaks them.
RULES: dict[tuple[str, ...], list[tuple[str, str]]] = {
    (): [
        (
            "self.fanout.mode != 'hub' || !has(self.hubs) || self.hubs.replicas > 0",
            spec.NO_HUB,
        ),
        ("!has(self.hubs) || has(self.objects.hubs)", spec.UNNAMED_HUBS),
        ("!has(self.workers) || has(self.objects.workers)", spec.UNNAMED_WORKERS),
    ],
    ("gateways",): [
        (
            "has(self.autoscale) != (has(self.replicas) || (has(self.external) && self.external))",
            spec.ONE_WAY,
        )
    ],
    ("gateways", "autoscale"): [("self.max >= self.min", spec.MIN_MAX)],
}


def definition() -> dict[str, Any]:
    """The object, as the API takes it."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": NAME},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": KIND,
                "listKind": f"{KIND}List",
                "plural": PLURAL,
                "singular": KIND.lower(),
                "shortNames": ["cc"],
                "categories": ["chat"],
            },
            "versions": [_version()],
        },
    }


def as_yaml() -> str:
    text: str = yaml.safe_dump(definition(), sort_keys=False, width=120, allow_unicode=True)
    return _MADE + text


def _version() -> dict[str, Any]:
    return {
        "name": VERSION,
        "served": True,
        "storage": True,
        "additionalPrinterColumns": _columns(),
        "subresources": {
            "status": {},
            "scale": {
                "specReplicasPath": ".spec.gateways.replicas",
                "statusReplicasPath": ".status.replicas",
                "labelSelectorPath": ".status.selector",
            },
        },
        "schema": {
            "openAPIV3Schema": {
                "description": ABOUT,
                "type": "object",
                "required": ["spec"],
                "properties": {
                    "apiVersion": {"type": "string"},
                    "kind": {"type": "string"},
                    "metadata": {"type": "object"},
                    "spec": with_rules(structural(ChatClusterSpec)),
                    "status": status_schema(),
                },
            }
        },
    }


def with_rules(schema: Schema) -> Schema:
    """The spec's *schema*, with RULES."""
    for path, rules in RULES.items():
        part = schema
        for name in path:
            part = part["properties"][name]
        part["x-kubernetes-validations"] = [
            {"rule": rule, "message": sentence} for rule, sentence in rules
        ]
    return schema


def status_schema() -> Schema:
    """Conditions are told apart by their type."""
    schema = without_defaults(structural(Status))
    conditions = schema["properties"]["conditions"]
    conditions |= {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]}
    return schema


def _columns() -> list[dict[str, Any]]:
    ready = '.status.conditions[?(@.type=="Ready")]'
    return [
        _column("Mode", ".status.fanout.mode", "The fan-out in force."),
        _column("Desired", ".status.desired", "Gateways that there should be.", "integer"),
        _column("Ready", ".status.ready", "Gateways that take clients.", "integer"),
        _column("Draining", ".status.draining", "Gateways that leave.", "integer"),
        _column("Connections", ".status.connections", "Clients.", "integer"),
        _column("OK", f"{ready}.status", "The condition Ready."),
        {**_column("Reason", f"{ready}.message", "Why it is so."), "priority": 1},
        _column("Age", ".metadata.creationTimestamp", "Since when it is there.", "date"),
    ]


def _column(name: str, path: str, about: str, kind: str = "string") -> dict[str, Any]:
    return {"name": name, "type": kind, "jsonPath": path, "description": about}


if __name__ == "__main__":
    sys.stdout.write(as_yaml())
