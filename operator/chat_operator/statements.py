"""The conditions of a ChatCluster, each a pure function of what was seen and what is planned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from chat_operator.changing import is_moving
from chat_operator.leaving import sentence
from chat_operator.plan import PAUSED, Plan
from chat_operator.view import GatewayPod, View
from chat_operator.wanting import is_starting, missing_figures
from chat_operator.warnings import warnings
from chatcluster.core.switch_plan import Phase

# Reasons to wait that are part of scaling itself.
_SCALING = ("Draining", "Removing", "PodsComeAndGo")


@dataclass(frozen=True, slots=True)
class Statement:
    """Whether it holds, why for programs, why for people."""

    status: Literal["True", "False", "Unknown"]
    reason: str
    message: str = ""


Judge = Callable[[View, Plan, datetime], Statement]


def serving(view: View) -> list[GatewayPod]:
    """The gateways that take clients."""
    return [
        pod
        for pod in view.pods
        if pod.ready and pod.stays and not (pod.figures is not None and pod.figures.draining)
    ]


def ready(view: View, plan: Plan, now: datetime) -> Statement:
    """All gateways that are wanted serve, with the fan-out that is wanted."""
    there, wanted = len(serving(view)), plan.notes.wanted
    if wanted is None:
        return Statement("False", "NoDeployment", _hold(plan))
    if there < wanted.replicas:
        return Statement("False", "GatewaysMissing", f"{there} of {wanted.replicas} are ready")
    fanout = fanout_ready(view, plan, now)
    if fanout.status != "True":
        return Statement("False", fanout.reason, fanout.message)
    return Statement("True", "Ready", f"{there} gateways, mode {view.spec.fanout.mode}")


def progressing(view: View, plan: Plan, now: datetime) -> Statement:
    """Something is on its way: gateways come or go, or the fan-out is being changed."""
    wanted, gateways = plan.notes.wanted, view.gateways
    if wanted is None or gateways is None or view.spec.paused == "All":
        return Statement("False", "Settled" if gateways else "NoDeployment")
    if gateways.rolling:
        return Statement("True", "RolloutInProgress", f"{gateways.updated} are updated")
    if is_moving(plan.notes.change):
        assert plan.notes.change is not None
        return Statement("True", "FanoutChanging", str(plan.notes.change.phase))
    there = len(serving(view))
    if there < wanted.replicas:
        return Statement("True", "GatewaysStarting", f"{there} of {wanted.replicas} are ready")
    if wanted.replicas != gateways.replicas or len(view.pods) != gateways.replicas:
        return Statement("True", "Scaling", f"{len(view.pods)} pods, {wanted.replicas} wanted")
    return Statement("False", "Settled")


def degraded(view: View, plan: Plan, now: datetime) -> Statement:
    """Something does not work that ought to."""
    if view.gateways is None:
        return Statement("True", "NoDeployment", _hold(plan))
    if not any(pod.ready for pod in view.pods):
        if any(is_starting(pod, now) for pod in view.pods) or not view.pods:
            return Statement("False", "Starting")
        return Statement("True", "NoGatewayReady", _problems(view))
    if missing := missing_figures(view, now):
        return Statement("True", "GatewaySilent", sentence(missing))
    return _fanout_degraded(plan)


def _fanout_degraded(plan: Plan) -> Statement:
    """A change that was called off counts until one succeeds: another attempt is no recovery."""
    hold, failed = plan.notes.fanout, plan.memory.called_off
    if hold is not None and hold.reason in ("CarrierDown", "NoHubs", "Waiting"):
        return Statement("True", f"Fanout{hold.reason}", hold.message)
    if failed is not None:
        return Statement("True", "FanoutCalledOff", failed.reason)
    return Statement("False", "AsExpected")


def fanout_ready(view: View, plan: Plan, now: datetime) -> Statement:
    """The fan-out that is wanted is in force on all gateways."""
    change, hold = plan.notes.change, plan.notes.fanout
    in_force = (
        change is not None
        and change.phase is Phase.STEADY
        and change.start.target == view.spec.fanout.target
    )
    if in_force and (hold is None or hold is PAUSED):
        assert change is not None
        return Statement("True", "InForce", f"{change.start.target}, epoch {change.start.epoch}")
    if change is None:
        return Statement("Unknown", "NoAnswer", hold.message if hold is not None else "")
    if hold is not None and (hold.reason != "Waiting" or change.phase is Phase.STEADY):
        status: Literal["False", "Unknown"] = "Unknown" if hold.reason == "Waiting" else "False"
        return Statement(status, hold.reason, hold.message)
    return Statement("False", str(change.phase).title().replace(" ", ""), change.reason)


def able_to_scale(view: View, plan: Plan, now: datetime) -> Statement:
    """Nothing keeps the number of gateways from what it should be."""
    hold, wanted = plan.notes.scaling, plan.notes.wanted
    if hold is not None and hold.reason not in _SCALING:
        return Statement("False", hold.reason, hold.message)
    if wanted is not None and wanted.missing and view.spec.gateways.autoscale is not None:
        return Statement("False", "MetricsMissing", sentence(wanted.missing))
    if hold is not None:
        return Statement("True", hold.reason, hold.message)
    if wanted is not None and wanted.needed < wanted.replicas and not wanted.missing:
        return Statement("True", "Stabilizing", f"{wanted.needed} would be enough now")
    return Statement("True", "Ready")


def draining(view: View, plan: Plan, now: datetime) -> Statement:
    """A gateway moves its clients elsewhere, to leave."""
    leaving = [pod for pod in view.pods if pod.leaving_since is not None and not pod.deleting]
    if not leaving:
        return Statement("False", "NoneLeaves")
    pod = leaving[0]
    left = "an unknown number of" if pod.figures is None else pod.figures.connections
    return Statement("True", "GatewayLeaves", f"{pod.name}: {left} clients are still there")


def metrics_available(view: View, plan: Plan, now: datetime) -> Statement:
    """All gateways say how many clients they have."""
    if missing := missing_figures(view, now):
        return Statement("False", "GatewaySilent", sentence(missing))
    if not any(pod.figures is not None for pod in view.pods):
        return Statement("Unknown", "NoGateway", "no gateway runs")
    return Statement("True", "AllAnswer")


def paused(view: View, plan: Plan, now: datetime) -> Statement:
    """The operator does less than it would."""
    if view.spec.paused is None:
        return Statement("False", "NotPaused")
    return Statement("True", view.spec.paused, f"spec.paused is {view.spec.paused}")


def no_warnings(view: View, plan: Plan, now: datetime) -> Statement:
    """Nothing is allowed, but unwise."""
    found = warnings(view, plan.notes)
    if not found:
        return Statement("True", "NoWarnings")
    return Statement("False", found[0].reason, "; ".join(one.message for one in found))


JUDGES: dict[str, Judge] = {
    "Ready": ready,
    "Progressing": progressing,
    "Degraded": degraded,
    "FanoutReady": fanout_ready,
    "AbleToScale": able_to_scale,
    "Draining": draining,
    "MetricsAvailable": metrics_available,
    "Paused": paused,
    "NoWarnings": no_warnings,
}


def _hold(plan: Plan) -> str:
    return plan.notes.scaling.message if plan.notes.scaling is not None else ""


def _problems(view: View) -> str:
    return "; ".join(f"{pod.name}: {pod.problem or 'not ready'}" for pod in view.pods)
