"""What a mode needs beside the gateways: hubs, workers that are away, a server that answers."""

from __future__ import annotations

from chat_operator.notes import Hold
from chat_operator.steps import ScaleHubs, ScaleWorkers
from chat_operator.view import View

HUB, ISOLATED = "hub", "isolated"


def prerequisite(view: View) -> ScaleHubs | ScaleWorkers | Hold | None:
    """What has to be done, or waited for, before a change to the mode that is wanted begins."""
    mode = view.spec.fanout.mode
    if why := view.carriers.get(mode, ""):
        return Hold("CarrierDown", f"mode {mode}: {why}")
    if mode == HUB:
        return _hubs(view)
    if mode == ISOLATED:
        return _no_workers(view)
    return None


def upkeep(view: View, *, steady: bool) -> ScaleHubs | ScaleWorkers | None:
    """Hubs and workers as the modes in use need them. What no mode needs any more is stopped once
    the change away from it is over (*steady*).
    """
    in_use = modes_in_use(view)
    if (step := _upkeep_of_hubs(view, in_use, steady=steady)) is not None:
        return step
    if view.spec.workers is None or view.workers is None:
        return None
    wanted = 0 if ISOLATED in in_use else view.spec.workers.replicas
    return ScaleWorkers(wanted) if view.workers.replicas != wanted else None


def modes_in_use(view: View) -> set[str]:
    """What is wanted, and what any program publishes on, listens to, or would begin with."""
    switches = [program.report.switch for program in view.programs if program.report is not None]
    if view.fanout_config is not None:
        switches.append(view.fanout_config)
    modes = {view.spec.fanout.mode}
    for switch in switches:
        modes.add(switch.target.mode)
        modes.update(part.target.mode for part in (switch.next, switch.previous) if part)
    return modes


def _upkeep_of_hubs(view: View, in_use: set[str], *, steady: bool) -> ScaleHubs | None:
    if view.spec.hubs is None or view.hubs is None:
        return None
    if HUB in in_use:
        wanted = view.spec.hubs.replicas
        return ScaleHubs(wanted) if view.hubs.replicas != wanted else None
    return ScaleHubs(0) if steady and view.hubs.replicas > 0 else None


def _hubs(view: View) -> ScaleHubs | Hold | None:
    if view.spec.hubs is None:
        return None  # they are somebody else's
    wanted = view.spec.hubs.replicas
    if view.hubs is None:
        return Hold("NoHubs", "mode hub: there is no StatefulSet of hubs (spec.objects.hubs)")
    if view.hubs.replicas != wanted:
        return ScaleHubs(wanted)
    if view.hubs.ready < max(wanted, 1) or not view.hubs.seen:
        return Hold("HubsStarting", f"{view.hubs.ready} of {wanted} hubs are ready")
    return None


def _no_workers(view: View) -> ScaleWorkers | Hold | None:
    """A worker has no use for a fan-out that reaches nobody, and does not start with it."""
    if view.spec.workers is None or view.workers is None:
        return None
    if view.workers.replicas > 0:
        return ScaleWorkers(0)
    if view.worker_pods:
        return Hold("WorkersStopping", f"{len(view.worker_pods)} workers still stop")
    return None
