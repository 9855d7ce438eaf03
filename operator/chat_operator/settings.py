"""The settings of the operator itself; what is wanted of a chat stands in its ChatCluster."""

from __future__ import annotations

from pydantic import Field

from chatcluster.runtime.common_settings import CommonSettings, Parts


class OperatorSettings(CommonSettings):
    """What the operator has."""

    admin_port: int = Field(
        9300, ge=0, le=65535, description="Port for health, metrics and stats; 0 takes a free one."
    )
    operator_namespaces: Parts = Field(
        (),
        description="The namespaces whose ChatClusters are looked after, separated by commas; "
        "none: all.",
    )
    operator_names: Parts = Field(
        (),
        description="The names of the ChatClusters that are looked after there, separated by "
        "commas; none: all.",
    )
    operator_lease: str = Field(
        "chatcluster-operator",
        min_length=1,
        max_length=253,
        description="The Lease that says which operator works: one of those with the same name.",
    )
    operator_lease_namespace: str = Field(
        "default", min_length=1, max_length=63, description="The namespace of the Lease."
    )
    operator_child_labels: str = Field(
        "app.kubernetes.io/part-of=chatcluster",
        description="A selector for objects whose changes are noticed at once; others are noticed "
        "at the next look.",
    )
    operator_questions: int = Field(
        50, ge=1, le=1000, description="Admin servers that are asked at the same time."
    )
