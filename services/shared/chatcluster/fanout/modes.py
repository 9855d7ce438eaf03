"""Modes are plug-ins: an installed package names its mode by an entry point.

    [project.entry-points."chatcluster.modes"]
    nats = "chatcluster_nats:MODE"

The name is the value of the setting `mode`; what it leads to is a `ModePlugin`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Protocol

from pydantic_settings import BaseSettings

from chatcluster.fanout.port import Fanout

GROUP = "chatcluster.modes"


class ModePlugin(Protocol):
    """A way to carry envelopes, before it is chosen: nothing is connected or started yet."""

    @property
    def settings(self) -> type[BaseSettings]:
        """What `make` takes. The built-in modes have theirs among those of the programs; of any
        other mode, they are read from its own variables: `env_prefix` is `CHAT_<MODE>_`.
        """

    @property
    def crosses(self) -> str:
        """What crosses between gateways and by which way, as half a sentence for people."""

    @property
    def shared(self) -> bool:
        """As in the port: False where envelopes do not leave their gateway."""

    @property
    def durable(self) -> bool:
        """As in the port, with the settings' defaults; for certain, the fan-out says it."""

    def make(self, settings: Any, origin: str) -> Fanout:
        """A fan-out that is not open yet, for the gateway whose envelopes have this *origin*.
        Raises ValueError for a setting that it cannot use.
        """

    def carrier(self, settings: Any) -> str:
        """What the mode depends on and where that is, for error messages: nothing secret in it."""


def installed() -> list[str]:
    """The names of all modes, in alphabetical order."""
    return sorted(_found())


def named(mode: str) -> ModePlugin:
    """Raises ValueError, with a sentence for people, if there is no such mode or it cannot be
    loaded.
    """
    points = _found().get(mode, ())
    if not points:
        raise ValueError(f"no such mode is installed; there are: {', '.join(installed())}")
    if len(points) > 1:
        packages = ", ".join(sorted(map(_package, points)))
        raise ValueError(f"several packages have a mode of this name: {packages}")
    try:
        plugin: ModePlugin = points[0].load()
    except Exception as error:  # whatever somebody else's package raises when it is imported
        raise ValueError(f"the package {_package(points[0])} fails: {error!r}") from error
    return plugin


@cache  # what is installed does not change while a program runs
def _found() -> Mapping[str, Sequence[EntryPoint]]:
    points = entry_points(group=GROUP)
    return {name: tuple(points.select(name=name)) for name in points.names}


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else point.value
