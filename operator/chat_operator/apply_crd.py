"""Brings the CustomResourceDefinition up to date: `python -m chat_operator.apply_crd`.

helm creates what lies in a chart's `crds/`, and never changes it; so a chart runs this before an
upgrade, with the image of the operator that is about to come.
"""

from __future__ import annotations

import asyncio
import sys

from chat_operator.cluster import ApiError, Cluster, Kind, connected
from chat_operator.crd import NAME, definition
from chatcluster.runtime.metrics import Metrics

DEFINITIONS = Kind("/apis/apiextensions.k8s.io/v1", "customresourcedefinitions")


async def apply_crd(cluster: Cluster) -> None:
    """Server-side, over what anybody else wrote. Raises ApiError."""
    await cluster.apply(DEFINITIONS, "", NAME, definition())


async def _run() -> None:
    async with connected(Metrics()) as cluster:
        await apply_crd(cluster)


def main() -> int:
    """The exit code."""
    try:
        asyncio.run(_run())
    except ApiError as error:
        print(f"{NAME} was not applied: {error}", file=sys.stderr)
        return 1
    print(f"{NAME} is up to date")
    return 0


if __name__ == "__main__":
    sys.exit(main())
