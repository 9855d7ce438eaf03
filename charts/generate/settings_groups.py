"""Which settings of the programs are values of the chart, and which the chart decides itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic_settings import BaseSettings

from chatcluster.runtime.hub_settings import HubUserSettings
from chatcluster.runtime.settings import ClusterSettings, GatewaySettings, HubSettings
from chatcluster.runtime.worker_settings import WorkerSettings

# Set by templates, from values of another shape or from Secrets.
DECIDED = frozenset(
    {
        "host",
        "port",
        "admin_host",
        "admin_port",
        "name",
        "mode",
        "fanout_file",
        "admin_token",
        "settle_seconds",
        "drain_seconds",
        "history",
        "history_length",
        "history_age",
        "redis_url",
        "postgres_dsn",
        "postgres_listen_dsn",
        "hub_urls",
        "hub_token",
        "broadcast_token",
        "job_events",
        "auth_key",
        "auth_key_file",
        "auth_hook_secret",
    }
)
# May hold a password, so it comes by `extraEnv` from a Secret.
BY_ENVIRONMENT = frozenset({"adapter_url"})

_PREFIXES = ("adapter_", "redis_", "postgres_", "hub_")


@dataclass(frozen=True, slots=True)
class Setting:
    """One that is a value: *key* is its name there, *schema* its JSON schema."""

    field: str
    key: str
    schema: Mapping[str, Any]

    @property
    def variable(self) -> str:
        return f"CHAT_{self.field.upper()}"


def group(model: str, prefix: str = "") -> list[Setting]:
    """The settings of one block of values. Raises KeyError for a *model* that is none."""
    source, fields = _FIELDS[model]
    chosen = [
        field
        for field in fields()
        if field not in DECIDED | BY_ENVIRONMENT
        if (field.startswith(prefix) if prefix else not field.startswith(_PREFIXES))
    ]
    properties = source.model_json_schema()["properties"]
    return [
        Setting(field, camel(field.removeprefix(prefix)), _values_schema(properties[field]))
        for field in chosen
    ]


def camel(name: str) -> str:
    """`history_length` as `historyLength`."""
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def _of(model: type[BaseSettings], *, beyond: type[BaseSettings]) -> list[str]:
    return [field for field in model.model_fields if field not in beyond.model_fields]


_FIELDS: dict[str, tuple[type[BaseSettings], Any]] = {
    "common": (ClusterSettings, lambda: list(ClusterSettings.model_fields)),
    "cluster": (ClusterSettings, lambda: list(ClusterSettings.model_fields)),
    "gateway": (GatewaySettings, lambda: _of(GatewaySettings, beyond=ClusterSettings)),
    "hub": (HubSettings, lambda: _of(HubSettings, beyond=HubUserSettings)),
    "worker": (WorkerSettings, lambda: _of(WorkerSettings, beyond=ClusterSettings)),
}


def _values_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """As pydantic gives it, without titles; what a variable separates by commas holds none."""
    kept = {key: value for key, value in schema.items() if key != "title"}
    if kept.get("type") == "array":
        kept["items"] = {**kept["items"], "pattern": "^[^,]+$"}
    if "patternProperties" in kept:
        kept["additionalProperties"] = False
    return kept
