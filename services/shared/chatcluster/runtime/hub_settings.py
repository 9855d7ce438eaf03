"""The settings of hubs, and what those have who publish by them."""

from __future__ import annotations

import json
from typing import Annotated

from pydantic import BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import NoDecode

from chatcluster.runtime.common_settings import CommonSettings, Parts


def _parsed(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value or "{}")
    except ValueError as error:
        raise ValueError(f"not JSON: {error}") from error


Pattern = Annotated[str, Field(pattern=r"^/[^*]*\*?$")]
Addresses = Annotated[tuple[str, ...], Field(min_length=1)]
Routes = Annotated[dict[Pattern, Addresses], NoDecode, BeforeValidator(_parsed)]


class HubUserSettings(CommonSettings):
    """What everybody has who publishes by hubs; the same for all gateways and hubs."""

    hub_urls: Parts = Field(
        ("http://127.0.0.1:8100",),
        description="The hubs of mode `hub`, separated by commas; the same ones for every gateway.",
    )
    hub_routes: Routes = Field(
        {},
        description="Hubs for chosen namespaces, as JSON: a namespace, or its beginning and `*`, "
        "to a list of hubs. The others, and the death of such a hub, are for those of `hub_urls`.",
    )
    hub_token: SecretStr = Field(
        SecretStr(""),
        description="What gateways and hubs know each other by; empty: not asked for.",
    )


class HubSettings(HubUserSettings):
    """What a hub has."""

    port: int = Field(8100, ge=0, le=65535, description="Port for gateways; 0 takes a free one.")
    admin_port: int = Field(9100, ge=0, le=65535, description="Port for health and metrics.")
    hub_urls: Parts = Field(
        (),
        description="All hubs, this one included, as gateways know them; needed for broadcasts "
        "when there are several. Empty: there is no other hub.",
    )
    broadcast_token: SecretStr = Field(
        SecretStr(""),
        description="What other services show to broadcast by this hub; empty: they cannot.",
    )
    broadcast_limit: int = Field(
        1_048_576, ge=1024, le=33_554_432, description="Bytes of one request to broadcast."
    )

    @model_validator(mode="after")
    def _knows_the_general_hubs(self) -> HubSettings:
        if self.hub_routes and not self.hub_urls:
            raise ValueError("hub_urls: must be given when hub_routes is")
        return self
