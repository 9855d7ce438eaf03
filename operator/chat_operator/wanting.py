"""How many gateways there should be."""

from __future__ import annotations

from datetime import datetime, timedelta

from chat_operator.notes import Wanted
from chat_operator.spec import Autoscale
from chat_operator.status import Level, Memory
from chat_operator.view import GatewayPod, View, Workload

# In which a gateway that began to run need not answer yet.
STARTING = timedelta(seconds=60)
# Memories of larger numbers. Where there are more, the later ones count as the earlier ones.
LEVELS = 16


def wanting(view: View, gateways: Workload, memory: Memory, now: datetime) -> tuple[Wanted, Memory]:
    """The number, and what to remember for the next time."""
    autoscale, missing = view.spec.gateways.autoscale, missing_figures(view, now)
    if autoscale is None:
        replicas = view.spec.gateways.replicas or gateways.replicas
        return Wanted(replicas, replicas, missing=missing), replace_levels(memory, None, ())
    needed = _needed(view, autoscale)
    if missing:
        # What is not known can only be more.
        held = max(_clamped(needed, autoscale), gateways.replicas)
        return Wanted(held, needed, _limited(needed, autoscale), missing), memory
    remembered = _remember(_clamped(needed, autoscale), gateways, autoscale, memory, now)
    replicas = max([remembered.recommended or 0, *(one.replicas for one in remembered.levels)])
    return (
        Wanted(_clamped(replicas, autoscale), needed, _limited(needed, autoscale)),
        remembered,
    )


def missing_figures(view: View, now: datetime) -> dict[str, str]:
    """Why they are missing, by gateway. One that starts has no clients yet."""
    return {
        pod.name: pod.problem or "no figures"
        for pod in view.pods
        if pod.figures is None and not pod.deleting and pod.started is not None
        if not is_starting(pod, now)
    }


def is_starting(pod: GatewayPod, now: datetime) -> bool:
    return not pod.ready and (pod.started is None or now - pod.started < STARTING)


def connections(view: View) -> int:
    """Clients of all gateways that say how many they have, those that stop included."""
    return sum(pod.figures.connections for pod in view.pods if pod.figures is not None)


def replace_levels(memory: Memory, recommended: int | None, levels: tuple[Level, ...]) -> Memory:
    return memory.model_copy(update={"recommended": recommended, "levels": levels})


def _needed(view: View, autoscale: Autoscale) -> int:
    clients = connections(view) + autoscale.headroom
    return -(-clients // autoscale.connections_per_gateway)


def _clamped(replicas: int, autoscale: Autoscale) -> int:
    return max(autoscale.min, min(autoscale.max, replicas))


def _limited(needed: int, autoscale: Autoscale) -> str:
    if needed <= autoscale.max:
        return ""
    return f"{needed} gateways are needed, and gateways.autoscale.max is {autoscale.max}"


def _remember(
    replicas: int, gateways: Workload, autoscale: Autoscale, memory: Memory, now: datetime
) -> Memory:
    """*replicas* are enough now. A larger number that was needed is kept until it is old enough.

    Only what changes is noted, with the time of the change, so that a steady cluster's memory is
    the same at every look. At the first look, what is there counts as needed until now.
    """
    last = gateways.replicas if memory.recommended is None else memory.recommended
    levels = memory.levels
    if replicas < last:
        levels = (*levels, Level(replicas=last, until=now))
    window = timedelta(seconds=autoscale.scale_in_stabilization_seconds)
    kept = tuple(one for one in levels if one.replicas > replicas and now - one.until < window)
    return replace_levels(memory, replicas, _merged(kept))


def _merged(levels: tuple[Level, ...]) -> tuple[Level, ...]:
    if len(levels) <= LEVELS:
        return levels
    *kept, larger, later = levels
    return _merged((*kept, Level(replicas=larger.replicas, until=later.until)))
