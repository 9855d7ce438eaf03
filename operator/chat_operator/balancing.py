"""New gateways get clients of the others, if that is wanted.

How many at most is settled when they come, by what the others have above the average. So it ends,
even where a load balancer sends those who were moved back to where they were.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from chat_operator.pace import batch, per_second
from chat_operator.status import Memory
from chat_operator.steps import Shed
from chat_operator.view import GatewayPod, View

# Times that each client above the average may be moved. Of those who are moved, a load balancer
# that chooses by chance sends some back.
TIMES = 3


@dataclass(frozen=True, slots=True)
class Balancing:
    """A step, or none now; what to remember; `seconds` until it may go on, None: nothing to do."""

    step: Shed | None
    memory: Memory
    seconds: float | None = None


def balancing(view: View, memory: Memory, now: datetime) -> Balancing:
    """Of a cluster in which nothing else is going on and all figures are known."""
    counts = {pod.name: pod.figures.connections for pod in view.pods if pod.figures and pod.stays}
    if not view.spec.rebalance.enabled or not counts:
        return Balancing(None, _memory(memory, spread=0, to_shed=0))
    average = -(-sum(counts.values()) // len(counts))
    over = {name: count - average for name, count in counts.items() if count > average}
    memory = _noticed(memory, len(counts), sum(over.values()))
    allowed = average * (100 + view.spec.rebalance.tolerance_percent) // 100
    fullest = max(counts, key=lambda name: (counts[name], name))
    if memory.to_shed == 0 or counts[fullest] <= allowed:
        return Balancing(None, _memory(memory, to_shed=0))
    drain = view.spec.drain
    between = timedelta(seconds=drain.reconnect_seconds)
    if memory.shed_at is not None and now - memory.shed_at < between:
        left = (memory.shed_at + between - now).total_seconds()
        return Balancing(None, memory, left)
    total = sum(counts.values())
    clients = min(batch(drain, total), over[fullest], memory.to_shed)
    memory = _memory(memory, to_shed=memory.to_shed - clients, shed_at=now)
    shed = Shed(fullest, clients, per_second(drain, total))
    return Balancing(shed, memory, float(drain.reconnect_seconds))


def unsettled(view: View, memory: Memory) -> Memory:
    """While gateways come and go: who comes back later counts as new."""
    serving = sum(_serves(pod) for pod in view.pods)
    return _memory(memory, spread=min(memory.spread, serving))


def _serves(pod: GatewayPod) -> bool:
    return pod.ready and pod.stays


def _noticed(memory: Memory, gateways: int, over: int) -> Memory:
    """The first look only counts the gateways: nobody knows which of them are new."""
    came = gateways > memory.spread > 0
    return _memory(memory, spread=gateways, to_shed=TIMES * over if came else memory.to_shed)


def _memory(memory: Memory, **changes: object) -> Memory:
    return memory.model_copy(update=changes)
