"""JSON schemas of the parts of Kubernetes that values pass on as they are.

Lists and maps are checked here; what is inside the larger types, Kubernetes checks itself.
"""

from __future__ import annotations

from typing import Any

_OBJECT: dict[str, Any] = {"type": "object"}
_QUANTITY = {"type": ["string", "number"], "pattern": r"^[0-9.]+([eE][0-9]+|[numkMGTPE]i?)?$"}
_QUANTITIES = {"type": "object", "additionalProperties": _QUANTITY}


def _items(text: str, items: dict[str, Any]) -> dict[str, Any]:
    return {"description": text, "type": "array", "items": items}


def _named(*required: str, **types: str) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(required),
        "properties": {name: {"type": kind} for name, kind in types.items()},
    }


DEFINITIONS: dict[str, Any] = {
    "strings": _items("Strings.", {"type": "string", "minLength": 1}),
    "stringMap": {
        "description": "Names to strings.",
        "type": "object",
        "additionalProperties": {"type": "string"},
    },
    "ports": {
        **_items("TCP ports.", {"type": "integer", "minimum": 1, "maximum": 65535}),
        "minItems": 1,
    },
    "references": _items("LocalObjectReference.", _named("name", name="string")),
    "environment": _items(
        "EnvVar.", _named("name", name="string", value="string", valueFrom="object")
    ),
    "resources": {
        "description": "ResourceRequirements.",
        "type": "object",
        "additionalProperties": False,
        "properties": {"requests": _QUANTITIES, "limits": _QUANTITIES, "claims": {"type": "array"}},
    },
    "tolerations": _items(
        "Toleration.",
        _named(
            key="string",
            operator="string",
            value="string",
            effect="string",
            tolerationSeconds="integer",
        ),
    ),
    "spread": _items(
        "TopologySpreadConstraint, to which the selector is added.",
        _named(
            "topologyKey",
            "maxSkew",
            "whenUnsatisfiable",
            topologyKey="string",
            maxSkew="integer",
            whenUnsatisfiable="string",
            minDomains="integer",
            nodeAffinityPolicy="string",
            nodeTaintsPolicy="string",
        ),
    ),
    "affinity": {
        "description": "Affinity.",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "nodeAffinity": _OBJECT,
            "podAffinity": _OBJECT,
            "podAntiAffinity": _OBJECT,
        },
    },
    "peers": _items(
        "NetworkPolicyPeer.",
        _named(ipBlock="object", namespaceSelector="object", podSelector="object"),
    ),
    "egress": _items("NetworkPolicyEgressRule.", _named(ports="array", to="array")),
    "parents": _items(
        "ParentReference.",
        _named(
            "name",
            name="string",
            namespace="string",
            group="string",
            kind="string",
            sectionName="string",
            port="integer",
        ),
    ),
    "securityContext": {
        "description": "PodSecurityContext or SecurityContext; `null` takes a field away.",
        "type": "object",
    },
}
