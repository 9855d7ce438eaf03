"""Every setting, declared once: its variable, its limits and its sentence.

A setting `history_length` is the variable `CHAT_HISTORY_LENGTH`; command-line options override
variables.
"""

from __future__ import annotations

import json
import os
import socket
from typing import Annotated, Literal, TypeVar

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

Mode = Literal["isolated", "hub", "adapter"]
History = Literal["memory", "redis", "off"]


class CommonSettings(BaseSettings):
    """What every program has."""

    model_config = SettingsConfigDict(env_prefix="CHAT_", extra="forbid", frozen=True)

    host: str = Field("127.0.0.1", description="Address to listen on; 0.0.0.0 for all.")
    admin_host: str = Field("127.0.0.1", description="Address of the admin server.")
    name: str = Field(
        default_factory=lambda: os.environ.get("HOSTNAME") or socket.gethostname(),
        min_length=1,
        max_length=63,
        pattern=r"^[A-Za-z0-9._-]+$",
        description="This program's name, as clients see it in `dyno` and operators in `status`.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least severe log lines that are written."
    )
    log_format: Literal["json", "text"] = Field(
        "json", description="`json`: one object a line; `text`: for people."
    )
    settle_seconds: float = Field(
        2.0,
        ge=0,
        le=300,
        description="Seconds from `not ready` to the drain: load balancers still send clients.",
    )
    drain_seconds: float = Field(
        10.0, ge=0, le=3600, description="Seconds over which a stopping gateway spreads its closes."
    )


Pattern = Annotated[str, Field(pattern=r"^/[^*]*\*?$")]
Addresses = Annotated[tuple[str, ...], Field(min_length=1)]


class HubUserSettings(CommonSettings):
    """What everybody has who publishes by hubs; the same for all gateways and hubs."""

    hub_urls: Annotated[tuple[str, ...], NoDecode] = Field(
        ("http://127.0.0.1:8100",),
        description="The hubs of mode `hub`, separated by commas; the same ones for every gateway.",
    )
    hub_routes: Annotated[dict[Pattern, Addresses], NoDecode] = Field(
        {},
        description="Hubs for chosen namespaces, as JSON: a namespace, or its beginning and `*`, "
        "to a list of hubs. The others, and the death of such a hub, are for those of `hub_urls`.",
    )
    hub_token: SecretStr = Field(
        SecretStr(""),
        description="What gateways and hubs know each other by; empty: not asked for.",
    )

    @field_validator("hub_urls", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("hub_routes", mode="before")
    @classmethod
    def _parsed(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value or "{}")
        except ValueError as error:
            raise ValueError(f"not JSON: {error}") from error


class GatewaySettings(HubUserSettings):
    """What a gateway has."""

    port: int = Field(8000, ge=0, le=65535, description="Port for clients; 0 takes a free one.")
    admin_port: int = Field(
        9000, ge=0, le=65535, description="Port for health, metrics and stats; 0 takes a free one."
    )
    mode: Mode = Field("isolated", description="How envelopes reach the other gateways.")
    redis_url: str = Field(
        "redis://127.0.0.1:6379/0",
        description="Redis or Valkey, for mode `adapter` and history `redis`.",
    )
    key: str = Field(
        "socket.io",
        min_length=1,
        max_length=100,
        description="Prefix of the adapter's Redis channels, as in Node's `key` option.",
    )
    history: History = Field(
        "memory",
        description="Where the room log is kept; `memory` is for a single gateway.",
    )
    history_length: int = Field(1000, ge=1, le=1_000_000, description="Messages kept per room.")
    history_age: float = Field(86_400, ge=1, description="Seconds for which messages are kept.")
    catch_up_limit: int = Field(
        300, ge=1, le=10_000, description="Messages that a returning client is sent at most."
    )
    recent: int = Field(
        50, ge=0, le=1000, description="Messages that a newly joined client is sent."
    )
    text_limit: int = Field(8192, ge=1, description="UTF-8 bytes of one message's text.")
    name_limit: int = Field(64, ge=1, le=200, description="Characters of a nickname or room name.")
    rooms_per_client: int = Field(100, ge=1, description="Rooms that one connection may be in.")
    rooms_limit: int = Field(10_000, ge=1, description="Rooms that the directory holds.")
    max_payload: int = Field(
        1_000_000, ge=1024, description="Bytes of one frame or polling body (`maxHttpBufferSize`)."
    )
    ping_interval: float = Field(25.0, gt=0, description="Seconds between pings.")
    ping_timeout: float = Field(20.0, gt=0, description="Seconds until an unanswered ping closes.")
    connect_timeout: float = Field(
        45.0, gt=0, description="Seconds for a new connection to join a namespace."
    )
    request_timeout: float = Field(
        15.0, gt=0, description="Seconds for the head, and again for the body, of a request."
    )
    send_buffer: int = Field(
        1_048_576, ge=65_536, description="Unsent bytes per client before it is disconnected."
    )
    presence_seconds: float = Field(
        2.0,
        gt=0,
        le=60,
        description="Seconds between a gateway's signs of life; after three missed, it is gone.",
    )

    @model_validator(mode="after")
    def _sane(self) -> GatewaySettings:
        if self.mode == "hub" and not self.hub_urls:
            raise ValueError("hub_urls: mode 'hub' needs at least one hub")
        if self.mode != "isolated" and self.history == "memory":
            raise ValueError(
                f"history: 'memory' is kept inside one gateway, so with mode {self.mode!r} every "
                "gateway would number messages for itself; use 'redis', or 'off'"
            )
        return self


class HubSettings(HubUserSettings):
    """What a hub has."""

    port: int = Field(8100, ge=0, le=65535, description="Port for gateways; 0 takes a free one.")
    admin_port: int = Field(9100, ge=0, le=65535, description="Port for health and metrics.")
    hub_urls: Annotated[tuple[str, ...], NoDecode] = Field(
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


class SettingsError(Exception):
    """One message that names every wrong setting, its value and what it may be."""


S = TypeVar("S", bound=CommonSettings)


def load(model: type[S], **given: object) -> S:
    """The settings from *given* (options that are not None), then variables, then defaults. Raises
    SettingsError.
    """
    options = {name: value for name, value in given.items() if value is not None}
    try:
        return model(**options)  # type: ignore[arg-type]  # pydantic validates
    except ValidationError as error:
        raise SettingsError("; ".join(_sentences(error, set(options)))) from error


def _sentences(error: ValidationError, options: set[str]) -> list[str]:
    sentences = []
    for problem in error.errors():
        name = str(problem["loc"][0]) if problem["loc"] else ""
        message = problem["msg"].removeprefix("Value error, ")
        if not name:
            sentences.append(message)
            continue
        shown = f"--{name.replace('_', '-')}" if name in options else f"CHAT_{name.upper()}"
        secret = any(part in name for part in ("token", "url", "routes"))
        value = "" if secret else f"={problem['input']!r}"
        sentences.append(f"{shown}{value}: {message}")
    return sentences
