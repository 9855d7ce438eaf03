"""Jobs by name: our own, and those of other packages."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import entry_points

from chat_worker.commands import Commands
from chat_worker.job import Factory, Work
from chat_worker.moderation import Moderation
from chatcluster.runtime.lifecycle import StartError
from chatcluster.runtime.worker_settings import WorkerSettings

GROUP = "chatcluster.jobs"

OURS: Mapping[str, Factory] = {"commands": Commands, "moderation": Moderation}


def find(settings: WorkerSettings) -> dict[str, Work]:
    """The jobs that the setting `jobs` names. Raises StartError for one that there is not, or that
    cannot be made."""
    found = {point.name: point for point in entry_points(group=GROUP)}
    work: dict[str, Work] = {}
    for name in settings.jobs:
        if name not in OURS and name not in found:
            known = ", ".join(sorted({*OURS, *found}))
            raise StartError(f"no job {name!r}; there are: {known} (--jobs, CHAT_JOBS)")
        try:
            factory = OURS[name] if name in OURS else found[name].load()
            work[name] = factory(settings)
        except Exception as error:
            raise StartError(f"job {name!r} cannot be made: {error!r} (CHAT_JOBS)") from error
    return work
