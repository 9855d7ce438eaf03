"""Writes kubernetes.json anew, for another version of Kubernetes or for further kinds.

    pip download --no-deps kubernetes-validate==1.37.0
    git clone --branch v0.93.0 https://github.com/prometheus-operator/prometheus-operator
    git clone --branch v1.6.1 https://github.com/kubernetes-sigs/gateway-api
    python -m tests.chart.schemas.bundle \\
        1.37.0 kubernetes_validate-*.whl prometheus-operator gateway-api

kubernetes-validate is the schemas of Kubernetes' OpenAPI in a wheel. All three are under the Apache
License 2.0. Descriptions are left out; fields that are not known are refused, `null` too.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import yaml

BUNDLE = Path(__file__).with_name("kubernetes.json")

KINDS = {
    "v1": ("ConfigMap", "Pod", "Secret", "Service", "ServiceAccount"),
    "apps/v1": ("Deployment", "StatefulSet"),
    "batch/v1": ("Job",),
    "coordination.k8s.io/v1": ("Lease",),
    "networking.k8s.io/v1": ("Ingress", "NetworkPolicy"),
    "policy/v1": ("PodDisruptionBudget",),
    "rbac.authorization.k8s.io/v1": ("ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"),
}
# Of the experimental channel, whose fields are those of the standard one and more.
ROUTES = "config/crd/experimental/gateway.networking.k8s.io_httproutes.yaml"
MONITORS = (
    "example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml",
    "example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml",
)
_LEFT_OUT = ("description", "format", "default", "example", "$schema", "$id")

Schema = dict[str, Any]


def kubernetes(version: str, wheel: Path) -> Schema:
    """Schemas by `version/kind`, and under other names what they refer to."""
    schemas: Schema = {}
    with zipfile.ZipFile(wheel) as files:
        folder = f"kubernetes_validate/kubernetes-json-schema/v{version}-local-strict"
        definitions = json.loads(files.read(f"{folder}/_definitions.json"))["$defs"]
        for group, kinds in KINDS.items():
            short = re.sub(r"\.[^/]*", "", group).replace("/", "-")
            for kind in kinds:
                text = files.read(f"{folder}/{kind.lower()}-{short}.json")
                schemas[f"{group}/{kind}"] = _compact(json.loads(text))
    missing = _named(schemas)
    while missing:
        schemas |= {name: _compact(definitions[name]) for name in sorted(missing)}
        missing = _named(schemas) - schemas.keys()
    return schemas


def custom(repository: Path, *paths: str) -> Schema:
    """Schemas by `version/kind` of the stored versions of custom resources."""
    schemas = {}
    for path in paths:
        schemas |= defined(yaml.safe_load(_git(repository, "show", f"HEAD:{path}")))
    return schemas


def defined(definition: Schema) -> Schema:
    """That of the stored version of a CustomResourceDefinition, by `version/kind`."""
    spec = definition["spec"]
    (version,) = (version for version in spec["versions"] if version["storage"])
    schema = _closed(version["schema"]["openAPIV3Schema"])
    schema["properties"]["metadata"] = {"$ref": "#/$defs/" + _METADATA}
    schema["properties"].pop("status", None)
    return {f"{spec['group']}/{version['name']}/{spec['names']['kind']}": schema}


_METADATA = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"


def _named(schema: Any) -> set[str]:
    """What is referred to."""
    if isinstance(schema, dict):
        own = {schema["$ref"].removeprefix("#/$defs/")} if "$ref" in schema else set()
        return own.union(*(_named(part) for part in schema.values()))
    if isinstance(schema, list):
        return set().union(*(_named(part) for part in schema))
    return set()


def _compact(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_compact(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return {"$ref": "#/$defs/" + schema["$ref"].rpartition("#/$defs/")[2]}
    return {
        key: {name: _compact(part) for name, part in value.items()}
        if key == "properties"
        else _without_null(value)
        if key == "type"
        else _compact(value)
        for key, value in schema.items()
        if key not in _LEFT_OUT and not key.startswith("x-")
    }


def _without_null(kind: Any) -> Any:
    kinds = [one for one in kind if one != "null"] if isinstance(kind, list) else [kind]
    return kinds[0] if len(kinds) == 1 else kinds


def _closed(schema: Any) -> Any:
    """An OpenAPI schema of a custom resource, as a JSON schema that refuses other fields."""
    if not isinstance(schema, dict):
        return schema
    closed = _compact({key: value for key, value in schema.items() if key != "properties"})
    if schema.get("x-kubernetes-int-or-string"):
        closed = {"type": ["integer", "string"]}
    if "properties" in schema:
        closed["properties"] = {name: _closed(part) for name, part in schema["properties"].items()}
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            closed["additionalProperties"] = False
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            closed[key] = _closed(schema[key])
    return closed


def _git(repository: Path, *arguments: str) -> str:
    command = ["git", "-C", str(repository), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def main(version: str, wheel: str, prometheus_operator: str, gateway_api: str) -> None:
    monitoring, routing = Path(prometheus_operator), Path(gateway_api)
    about = {
        "sources": {
            f"Kubernetes {version}": "PyPI kubernetes-validate",
            "prometheus-operator/prometheus-operator": _git(
                monitoring, "describe", "--tags", "--match", "v*"
            ),
            "kubernetes-sigs/gateway-api": _git(routing, "describe", "--tags", "--match", "v*"),
        },
        "licence": "Apache License 2.0",
    }
    schemas = (
        kubernetes(version, Path(wheel)) | custom(monitoring, *MONITORS) | custom(routing, ROUTES)
    )
    lines = [f"{json.dumps(name)}: {json.dumps(schema)}" for name, schema in schemas.items()]
    head = json.dumps(about, indent=1)[:-2]
    BUNDLE.write_text(head + ',\n "$defs": {\n  ' + ",\n  ".join(lines) + "\n }\n}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
