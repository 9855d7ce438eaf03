"""Every setting, declared once: its variable, its limits and its sentence.

Here are those of the programs that take part in the chat; each other program has a module beside.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, model_validator

from chatcluster.fanout import modes
from chatcluster.runtime.adapter_settings import AdapterSettings
from chatcluster.runtime.common_settings import CommonSettings, Parts, SettingsError, load
from chatcluster.runtime.hub_settings import HubSettings
from chatcluster.runtime.limit_settings import LimitSettings

__all__ = [
    "ClusterSettings",
    "CommonSettings",
    "GatewaySettings",
    "History",
    "HubSettings",
    "Mode",
    "Parts",
    "SettingsError",
    "load",
]

History = Literal["memory", "redis", "postgres", "off"]


def _mode(name: str) -> str:
    modes.named(name)
    return name


Mode = Annotated[str, AfterValidator(_mode)]  # the name of one that is installed


class ClusterSettings(AdapterSettings):
    """What every program has that takes part in the chat; the same values for all of them."""

    mode: Mode = Field("isolated", description="How envelopes reach the other gateways.")
    fanout_file: str = Field(
        "",
        description="A JSON file that says which fan-out is in force when this program starts; "
        "missing, or empty: `mode`.",
    )
    admin_token: SecretStr = Field(
        SecretStr(""),
        description="What callers of the admin server's /fanout must show; empty: nothing.",
    )
    redis_url: str = Field(
        "redis://127.0.0.1:6379/0",
        description="Redis or Valkey, for modes `adapter` and `redis`, history `redis`, and jobs.",
    )
    history: History = Field(
        "memory",
        description="Where the room log is kept; `memory` is for a single gateway.",
    )
    history_length: int = Field(1000, ge=1, le=1_000_000, description="Messages kept per room.")
    history_age: float = Field(86_400, ge=1, description="Seconds for which messages are kept.")
    redis_prefix: str = Field(
        "chat",
        min_length=1,
        max_length=100,
        pattern=r"^[^:#%]+$",
        description="What the channels of mode `redis` and the streams of jobs begin with.",
    )
    redis_events: Parts = Field(
        ("chat message", "typing", "moderated"),
        description="The events that cross in mode `redis`, separated by commas.",
    )
    postgres_dsn: str = Field(
        "postgresql://postgres@127.0.0.1:5432/postgres",
        description="Postgres, for mode `postgres` and history `postgres`.",
    )
    postgres_listen_dsn: str = Field(
        "",
        description="Postgres without the pooler that `postgres_dsn` leads through, for LISTEN; "
        "empty: the same.",
    )
    postgres_prefix: str = Field(
        "chatcluster",
        min_length=1,
        max_length=104,
        description="What the names of our tables begin with; with a dot, after the schema's name.",
    )
    postgres_poll_seconds: float = Field(
        0.1,
        gt=0,
        le=10,
        description="Seconds between looks at the table of mode `postgres` where LISTEN cannot be.",
    )
    postgres_keep_seconds: float = Field(
        600.0,
        ge=10,
        description="Seconds for which mode `postgres` keeps what it carried, for gateways that "
        "were away.",
    )
    outbox_length: int = Field(
        10_000, ge=100, description="Envelopes that wait while the fan-out's carrier is away."
    )
    outbox_bytes: int = Field(
        16 * 2**20, ge=2**20, description="Bytes that they may have together."
    )
    jobs_length: int = Field(
        100_000, ge=1, description="Jobs that wait for workers at most; then the oldest are lost."
    )

    @model_validator(mode="after")
    def _sane(self) -> ClusterSettings:
        if self.mode == "hub" and not self.hub_urls:
            raise ValueError("hub_urls: mode 'hub' needs at least one hub")
        if self.history == "memory" and modes.named(self.mode).shared:
            raise ValueError(
                f"history: 'memory' is kept inside one gateway, so with mode {self.mode!r} every "
                "gateway would number messages for itself; use 'redis', 'postgres', or 'off'"
            )
        return self


class GatewaySettings(ClusterSettings, LimitSettings):
    """What a gateway has."""

    port: int = Field(8000, ge=0, le=65535, description="Port for clients; 0 takes a free one.")
    admin_port: int = Field(
        9000, ge=0, le=65535, description="Port for health, metrics and stats; 0 takes a free one."
    )
    job_events: Parts = Field(
        (),
        description="The events that are also kept as jobs until a worker has done them, separated "
        "by commas, such as `chat message`.",
    )
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
    upgrade_timeout: float = Field(
        10.0, gt=0, description="Seconds for a polling client to complete its move to a WebSocket."
    )
    request_timeout: float = Field(
        15.0, gt=0, description="Seconds for the head, and again for the body, of a request."
    )
    send_buffer: int = Field(
        1_048_576, ge=65_536, description="Unsent bytes per client before it is disconnected."
    )
    log_messages: bool = Field(
        False,
        description="Whether a log line tells each message that clients send here, with its text.",
    )
    trace_ratio: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Share of clients' events that are traced (OpenTelemetry), from their coming "
        "here to their delivery on each gateway; 0: none.",
    )
    trace_url: str = Field(
        "http://127.0.0.1:4318/v1/traces",
        description="Where traces are sent (OTLP over HTTP).",
    )
    presence_seconds: float = Field(
        2.0,
        gt=0,
        le=60,
        description="Seconds between a gateway's signs of life; after three missed, it is gone.",
    )
