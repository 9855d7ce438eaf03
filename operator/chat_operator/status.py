"""The status of a ChatCluster: what is, for people and `kubectl wait`, and what to remember.

The source of the status in the CustomResourceDefinition. The operator writes it as a whole, by the
`status` subresource, and only when it differs from the one that is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import Field, ValidationError

from chat_operator.fields import Kept


class Condition(Kept):
    """One statement about the cluster. For `kubectl wait --for=condition=<type>`."""

    type: str = Field(description="What it is about.")
    status: Literal["True", "False", "Unknown"] = Field(description="Whether it holds.")
    reason: str = Field(description="Why, for programs.")
    message: str = Field(default="", description="Why, for people.")
    observed_generation: int = Field(description="The generation of the spec that it is about.")
    last_transition_time: datetime = Field(description="When `status` became another.")


class FanoutStatus(Kept):
    """The fan-out, over all gateways."""

    mode: str = Field(description="In force.")
    phase: str = Field(
        description="`steady`, `preparing`, `committing`, `finishing` or `called off`."
    )
    epoch: int = Field(description="One more with each change; of what is in force.")
    since: datetime = Field(description="When this mode and epoch came in force.")
    target: str = Field(default="", description="What is being changed to.")
    reason: str = Field(default="", description="Why it waits or was called off.")


class DrainStatus(Kept):
    """The gateway that leaves."""

    gateway: str = Field(description="Its pod.")
    since: datetime = Field(description="When it was chosen.")
    connections: int | None = Field(default=None, description="Clients that it still has.")


class Level(Kept):
    """A number of gateways that was needed until a while ago."""

    replicas: int = Field(description="The number.")
    until: datetime = Field(description="When fewer became enough.")


class CalledOff(Kept):
    """The last change of the fan-out that did not come about."""

    target: str = Field(description="To what.")
    reason: str = Field(description="Why not.")
    at: datetime = Field(description="When it was called off.")
    times: int = Field(description="Attempts that ended so, one after another.")


class Preparing(Kept):
    """The change that is being prepared."""

    epoch: int = Field(description="Its epoch.")
    since: datetime = Field(description="When it began.")


class Memory(Kept):
    """What the operator has to know again after its own death; all else it sees."""

    recommended: int | None = Field(
        default=None, description="Gateways that were enough last time."
    )
    levels: tuple[Level, ...] = Field(default=(), description="Larger numbers, the largest first.")
    spread: int = Field(default=0, description="Gateways over which clients were spread last time.")
    to_shed: int = Field(default=0, description="Clients that are still to move to new gateways.")
    shed_at: datetime | None = Field(default=None, description="When some were last told to.")
    preparing: Preparing | None = Field(
        default=None, description="The change that is being prepared."
    )
    called_off: CalledOff | None = Field(default=None, description="The last change that failed.")


class Status(Kept):
    """What is."""

    observed_generation: int | None = Field(
        default=None, description="The generation of the spec that this is about."
    )
    replicas: int | None = Field(default=None, description="Gateways, for `/scale`.")
    selector: str | None = Field(default=None, description="Of their pods, for `/scale`.")
    desired: int | None = Field(default=None, description="Gateways that there should be.")
    ready: int | None = Field(default=None, description="Gateways that take clients.")
    draining: int | None = Field(
        default=None, description="Gateways that move their clients elsewhere."
    )
    connections: int | None = Field(
        default=None, description="Clients of all gateways; missing where a gateway does not say."
    )
    fanout: FanoutStatus | None = Field(default=None, description="The fan-out, over all gateways.")
    drain: DrainStatus | None = Field(default=None, description="The gateway that leaves.")
    conditions: tuple[Condition, ...] = Field(
        default=(), description="Statements, to be waited for."
    )
    memory: Memory = Field(
        default_factory=Memory, description="What the operator has to remember. Not for others."
    )


def read_status(raw: Mapping[str, Any] | None) -> Status:
    """The status as the API gives it; one that cannot be read counts as none, since nothing in it
    is more than a memory of what was seen.
    """
    try:
        return Status.model_validate(raw or {})
    except ValidationError:
        return Status()


def as_json(status: Status) -> dict[str, Any]:
    """For the API. Two that are equal give the same."""
    return status.model_dump(mode="json", by_alias=True, exclude_none=True)
