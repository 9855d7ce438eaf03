"""The settings of `chatcluster run`."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, model_validator

from chatcluster.runtime.settings import GatewaySettings, History, Mode

HUB_ABOVE = 100
WORKER_ABOVE = 200
ADMIN_ABOVE = 1000


class RunSettings(GatewaySettings):
    """What one machine runs: a gateway's settings, for all of them, and how many there are.

    The defaults are a laptop's: several gateways that see each other, no load balancer to wait for,
    and a log that all can read whatever the mode is or becomes.
    """

    gateways: int = Field(2, ge=1, le=50, description="Number of gateways.")
    hubs: int = Field(1, ge=1, le=20, description="Number of hubs.")
    workers: int = Field(
        0, ge=0, le=20, description="Number of workers, which answer what is said in rooms."
    )
    port: int = Field(
        8000,
        ge=1,
        le=64_000,
        description=(
            f"Port of gateway-1; the others follow it. Hubs are {HUB_ABOVE} above, and each "
            f"one's admin server {ADMIN_ABOVE} above its own port."
        ),
    )
    data: Path | None = Field(
        None, description="Folder that keeps messages and log files; without it they are removed."
    )
    mode: Mode = Field("adapter", description=GatewaySettings.model_fields["mode"].description)
    history: History = Field(
        "redis", description=GatewaySettings.model_fields["history"].description
    )
    settle_seconds: float = Field(
        0.0, ge=0, le=300, description=GatewaySettings.model_fields["settle_seconds"].description
    )
    drain_seconds: float = Field(
        0.5, ge=0, le=3600, description=GatewaySettings.model_fields["drain_seconds"].description
    )

    @model_validator(mode="after")
    def _workers_reach_rooms(self) -> RunSettings:
        if self.workers and (self.mode == "isolated" or self.history in ("memory", "off")):
            raise ValueError(
                "workers: they answer through the fan-out and the room log, so the mode may not be "
                "'isolated', and the history has to be 'redis' or 'postgres'"
            )
        return self
