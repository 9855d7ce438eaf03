"""Who leaves when there are too many gateways, and how: chosen, marked, drained, removed.

Whom to remove is not remembered but marked on the pod, where whoever comes next finds it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

from chat_operator.notes import Hold, Wanted
from chat_operator.pace import is_near, per_second
from chat_operator.steps import Drain, MarkForDeletion, Scale, Stay
from chat_operator.view import GatewayPod, View, Workload
from chat_operator.wanting import connections

_Leaving: TypeAlias = MarkForDeletion | Drain | Scale | Stay | Hold | None


def leaving(
    view: View, gateways: Workload, wanted: Wanted, *, busy: Hold | None, now: datetime
) -> _Leaving:
    """The next step on the way to fewer gateways, or back to more; a Hold says why there is none
    now, None that there is nothing to do.

    *busy*: what else is going on, during which nobody is chosen or removed. A drain that has begun
    goes on in the gateway itself.
    """
    present = [pod for pod in view.pods if not pod.deleting]
    marked = sorted(
        (pod for pod in present if pod.leaving_since is not None),
        key=lambda pod: (pod.leaving_since, pod.name),
    )
    if marked and len(present) > gateways.replicas and not gateways.rolling:
        return Hold("Removing", f"{marked[0].name} is being removed")
    too_many = gateways.replicas - wanted.replicas
    if view.spec.paused == "ScaleIn" or too_many <= 0:
        return _none_leaves(view, marked, too_many)
    if marked[1:]:
        return Stay(marked[-1].name)
    if marked and not _others(marked[0], present):
        # Its clients would have nowhere to go.
        return Stay(marked[0].name)
    if busy is not None:
        return busy
    if marked:
        return _drained(view, marked[0], gateways, now)
    return _choose(view, present, gateways, wanted, now)


def _none_leaves(view: View, marked: Sequence[GatewayPod], too_many: int) -> _Leaving:
    if marked:
        return Stay(marked[-1].name)
    if too_many > 0:
        return Hold("ScaleInPaused", f"{too_many} too many, and scale-in is paused")
    return None


def _others(pod: GatewayPod, present: Sequence[GatewayPod]) -> bool:
    """Whether clients of *pod* have another gateway to go to."""
    return any(other.ready and other.stays for other in present if other.name != pod.name)


def _choose(
    view: View, present: Sequence[GatewayPod], gateways: Workload, wanted: Wanted, now: datetime
) -> _Leaving:
    if wanted.missing:
        return Hold("MetricsMissing", f"not known who is emptiest: {sentence(wanted.missing)}")
    if len(present) != gateways.replicas or len(present) != len(view.pods):
        return Hold(
            "PodsComeAndGo", f"{len(view.pods)} pods, and there should be {gateways.replicas}"
        )
    emptiest = min(present, key=_emptiness)
    if not _others(emptiest, present):
        return Hold("LastGateway", f"no gateway but {emptiest.name} is ready")
    return MarkForDeletion(emptiest.name, now)


def _emptiness(pod: GatewayPod) -> tuple[bool, bool, int, float, str]:
    """Who does not run, or does not serve, goes first; then who has the fewest clients; of those
    who have equally many, the youngest.
    """
    clients = pod.figures.connections if pod.figures is not None else 0
    return (pod.started is not None, pod.ready, clients, -pod.created.timestamp(), pod.name)


def _drained(view: View, pod: GatewayPod, gateways: Workload, now: datetime) -> _Leaving:
    assert pod.leaving_since is not None
    removed = Scale(gateways.replicas - 1, was=gateways.replicas)
    timeout = timedelta(seconds=view.spec.drain.timeout_seconds)
    if pod.started is None or now - pod.leaving_since >= timeout:
        return removed
    figures = pod.figures
    if figures is None:
        return Hold("MetricsMissing", f"{pod.name} leaves, and does not answer: {pod.problem}")
    if figures.draining and figures.connections == 0:
        return removed
    pace = per_second(view.spec.drain, connections(view))
    if not figures.draining or (
        figures.per_second is not None and not is_near(figures.per_second, pace)
    ):
        return Drain(pod.name, pace)
    return Hold("Draining", f"{pod.name} leaves; {figures.connections} clients are still there")


def sentence(missing: Mapping[str, str]) -> str:
    """Whose figures are missing, and why."""
    return "; ".join(f"{name}: {why}" for name, why in sorted(missing.items()))
