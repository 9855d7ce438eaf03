"""The spec of a ChatCluster (`chatcluster.dev/v1alpha1`, short name `cc`): what a user wants.

The CustomResourceDefinition and the field reference are made from these models. The names of the
objects that belong to the chat are part of the spec (`objects`): the chart, which makes the
names, writes them there, so that the operator composes none, several chats lie side by side in a
namespace, and `kubectl get cc -o yaml` shows what is acted on.

`read_spec` is called once for each look at a ChatCluster. A spec that the API server let pass and
these models refuse is one of a newer version: SpecError says what is wrong in a sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, ValidationError, model_validator

from chat_operator.fanout_spec import Fanout
from chat_operator.fields import ObjectName, Percent, Port, Written

GROUP = "chatcluster.dev"
VERSION = "v1alpha1"
KIND = "ChatCluster"
PLURAL = "chatclusters"

ONE_WAY = "gateways: give one of replicas, autoscale and external (external takes replicas, too)"
MIN_MAX = "gateways.autoscale: max is less than min"
NO_HUB = "fanout.mode is hub, and hubs.replicas is 0: there has to be a hub"
UNNAMED_HUBS = "hubs: objects.hubs has to name their StatefulSet"
UNNAMED_WORKERS = "workers: objects.workers has to name their Deployment"


class SpecError(ValueError):
    """A spec that cannot be read; a sentence for people."""


class Autoscale(Written):
    """As many gateways as the clients need."""

    min: int = Field(default=2, ge=1, le=1000, description="Gateways that there are at least.")
    max: int = Field(ge=1, le=1000, description="Gateways that there are at most.")
    connections_per_gateway: int = Field(
        ge=1, le=1_000_000, description="Clients that one gateway holds well; measure it."
    )
    headroom: int = Field(
        default=0,
        ge=0,
        le=10_000_000,
        description="Further clients for whom there is room at any time.",
    )
    scale_in_stabilization_seconds: int = Field(
        default=300,
        ge=0,
        le=86_400,
        description="Seconds for which fewer gateways must have been enough before one leaves. "
        "More gateways come at once.",
    )

    @model_validator(mode="after")
    def _sane(self) -> Autoscale:
        if self.max < self.min:
            raise ValueError(MIN_MAX)
        return self


class Gateways(Written):
    """How many gateways there are: a fixed number, by their clients, or as somebody else says."""

    replicas: int | None = Field(
        default=None,
        ge=1,
        le=1000,
        description="Gateways. With `external`, leave it out: it is what `/scale` sets.",
    )
    autoscale: Autoscale | None = Field(default=None, description="As many as the clients need.")
    external: bool = Field(
        default=False,
        description="A HorizontalPodAutoscaler or KEDA sets the number by `/scale`; the operator "
        "chooses who leaves, and drains it first.",
    )

    @model_validator(mode="after")
    def _one_way(self) -> Gateways:
        ways = [self.autoscale is not None, self.external or self.replicas is not None]
        if sum(ways) != 1:
            raise ValueError(ONE_WAY)
        return self


class Drain(Written):
    """How clients are moved from one gateway to others."""

    max_moving_percent: Percent = Field(
        default=10,
        description="Of all clients, how many percent may be on their way at once.",
    )
    reconnect_seconds: int = Field(
        default=5,
        ge=1,
        le=300,
        description="Seconds for which a client that was moved counts as on its way.",
    )
    timeout_seconds: int = Field(
        default=900,
        ge=1,
        le=86_400,
        description="Seconds after which a gateway leaves with the clients that it still has; "
        "their connections are closed as its pod stops.",
    )


class Rebalance(Written):
    """Whether gateways with many clients pass some on when new gateways come."""

    enabled: bool = Field(default=False, description="Whether they do. At the pace of `drain`.")
    tolerance_percent: Percent = Field(
        default=20, description="Percent over the average that a gateway may have and keep."
    )


class Part(Written):
    """Hubs or workers. They run while the mode needs them."""

    replicas: int = Field(ge=0, le=1000, description="How many.")


class GatewayObjects(Written):
    """The gateways' own."""

    deployment: ObjectName = Field(description="Their Deployment. Its replicas are the operator's.")
    admin_port: Port = Field(default=9000, description="Port of a pod's admin server.")


class HubObjects(Written):
    """The hubs' own."""

    stateful_set: ObjectName = Field(
        description="Their StatefulSet. Its replicas are the operator's."
    )


class WorkerObjects(Written):
    """The workers' own."""

    deployment: ObjectName = Field(description="Their Deployment. Its replicas are the operator's.")
    admin_port: Port = Field(default=9200, description="Port of a pod's admin server.")


class SecretKey(Written):
    """One value of a Secret in the same namespace."""

    name: ObjectName = Field(description="The Secret.")
    key: str = Field(min_length=1, max_length=253, description="The key in it.")


class FanoutConfig(Written):
    """Where gateways that start read which fan-out is in force."""

    name: ObjectName = Field(description="The ConfigMap. Its data are the operator's.")
    key: str = Field(
        default="fanout.json", min_length=1, max_length=253, description="The key in it."
    )


class Carriers(Written):
    """Where the servers are that modes need, as `host:port`; one that is not given is not asked."""

    redis: str | None = Field(
        default=None, max_length=300, description="Redis, for `redis`, `adapter`."
    )
    postgres: str | None = Field(
        default=None, max_length=300, description="Postgres, for `postgres`."
    )


class Objects(Written):
    """The names of what belongs to the chat, in the same namespace. The chart writes them."""

    gateways: GatewayObjects = Field(description="Of the gateways.")
    hubs: HubObjects | None = Field(default=None, description="Of the hubs, for mode `hub`.")
    workers: WorkerObjects | None = Field(default=None, description="Of the workers.")
    fanout: FanoutConfig = Field(description="Which fan-out is in force, for pods that start.")
    admin_token: SecretKey | None = Field(
        default=None, description="What admin servers want to be shown; not given: nothing."
    )
    carriers: Carriers = Field(
        default_factory=Carriers, description="Servers that are asked before a change of the mode."
    )


class ChatClusterSpec(Written):
    """What is wanted of one chat."""

    gateways: Gateways = Field(description="The part that clients connect to.")
    fanout: Fanout = Field(description="What carries messages between gateways.")
    hubs: Part | None = Field(
        default=None, description="Hubs: in mode `hub` that many, otherwise none."
    )
    workers: Part | None = Field(
        default=None,
        description="Workers: that many, and none in mode `isolated`, which they cannot use.",
    )
    drain: Drain = Field(default_factory=Drain, description="How clients are moved.")
    rebalance: Rebalance = Field(
        default_factory=Rebalance, description="Whether new gateways get clients of the others."
    )
    paused: Literal["ScaleIn", "All"] | None = Field(
        default=None,
        description="`ScaleIn`: no gateway leaves, and one that drains stays. `All`: the operator "
        "only looks, and says what it sees. Not given: nothing is paused.",
    )
    objects: Objects = Field(description="The names of the objects. The chart writes them.")

    @model_validator(mode="after")
    def _sane(self) -> ChatClusterSpec:
        if self.fanout.mode == "hub" and self.hubs is not None and not self.hubs.replicas:
            raise ValueError(NO_HUB)
        if self.hubs is not None and self.objects.hubs is None:
            raise ValueError(UNNAMED_HUBS)
        if self.workers is not None and self.objects.workers is None:
            raise ValueError(UNNAMED_WORKERS)
        return self


def read_spec(raw: Mapping[str, Any]) -> ChatClusterSpec:
    """The spec as the API gives it. Raises SpecError."""
    try:
        return ChatClusterSpec.model_validate(raw)
    except ValidationError as error:
        problems = (
            ".".join(map(str, one["loc"])) + f": {one['msg'].removeprefix('Value error, ')}"
            for one in error.errors()
        )
        raise SpecError("; ".join(problems)) from error
