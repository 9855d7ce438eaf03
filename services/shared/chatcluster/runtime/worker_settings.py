"""The settings of workers."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from chatcluster.runtime.settings import ClusterSettings, History, Mode, Parts


class WorkerSettings(ClusterSettings):
    """What a worker has."""

    mode: Mode = Field("redis", description=ClusterSettings.model_fields["mode"].description)
    history: History = Field(
        "redis", description="Where the room log is kept, which answers are written to."
    )
    admin_port: int = Field(
        9200, ge=0, le=65535, description="Port for health, metrics and stats; 0 takes a free one."
    )
    jobs: Parts = Field(
        ("commands", "moderation"),
        min_length=1,
        description="The jobs that this worker does, separated by commas; further ones are found "
        "by the entry points `chatcluster.jobs`.",
    )
    concurrency: int = Field(8, ge=1, le=1000, description="Jobs that are done at the same time.")
    job_timeout: float = Field(
        10.0, gt=0, le=3600, description="Seconds for one attempt at a job, after which it failed."
    )
    job_attempts: int = Field(
        5, ge=1, le=100, description="Attempts after which a job goes to the dead letters."
    )
    job_retry: float = Field(
        1.0,
        gt=0,
        le=3600,
        description="Seconds before a second attempt; doubled for each further one.",
    )
    bot: str = Field(
        "bot", min_length=1, max_length=64, description="Nickname under which workers answer."
    )
    moderation_words: Parts = Field(
        (), description="Words that may not be said, separated by commas."
    )
    moderation_links: Literal["allow", "refuse"] = Field(
        "allow", description="Whether messages may hold links."
    )
    moderation_hosts: Parts = Field(
        (), description="Hosts that may be linked to all the same, with what is under them."
    )
    moderation_action: Literal["mask", "remove", "reply"] = Field(
        "mask",
        description="`mask`: clients are told to show stars instead; `remove`: to hide the "
        "message, and the room is told; `reply`: its author is called upon.",
    )

    @model_validator(mode="after")
    def _reaches_rooms(self) -> WorkerSettings:
        if self.mode == "isolated" or self.history in ("memory", "off"):
            raise ValueError(
                "mode, history: a worker answers through the gateways' fan-out and room log, so "
                "the mode may not be 'isolated', and the history has to be 'redis'"
            )
        return self
