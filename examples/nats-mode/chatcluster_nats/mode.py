"""What chatcluster finds by the entry point."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from chatcluster.fanout.asking import Asking
from chatcluster.fanout.port import Fanout
from chatcluster.runtime.lifecycle import shown
from chatcluster_nats.fanout import NatsFanout


class NatsSettings(BaseSettings):
    """Variables CHAT_NATS_URL and so on; the same values for all gateways."""

    model_config = SettingsConfigDict(env_prefix="CHAT_NATS_", frozen=True)

    url: str = Field(
        "nats://127.0.0.1:4222",
        description="Servers with JetStream, separated by commas.",
    )
    stream: str = Field(
        "chatcluster",
        pattern=r"^[A-Za-z0-9_-]{1,64}$",
        description="The stream's name; applications that share a NATS have different ones.",
    )
    keep_seconds: float = Field(
        600.0,
        ge=10,
        description="Seconds for which a stream that is made here keeps what it carried.",
    )


class NatsMode:
    """A `chatcluster.fanout.modes.ModePlugin`."""

    settings = NatsSettings
    crosses = "gateways meet in a stream of NATS, which all read in one order: everybody sees all"
    shared = True
    durable = True

    def make(self, settings: NatsSettings, origin: str) -> Fanout:
        servers = settings.url.split(",")
        return Asking(NatsFanout(servers, settings.stream, settings.keep_seconds), origin)

    def carrier(self, settings: NatsSettings) -> str:
        return f"NATS at {', '.join(map(shown, settings.url.split(',')))}"


MODE = NatsMode()
