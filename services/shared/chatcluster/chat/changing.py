"""The fan-out of a program, which can be changed while it runs."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from chatcluster.chat.fanouts import make_fanout
from chatcluster.core.errors import MalformedError
from chatcluster.core.switch import Switch, Target
from chatcluster.core.switch_json import read_switch
from chatcluster.fanout.port import Fanout
from chatcluster.fanout.switching import Switching
from chatcluster.runtime.lifecycle import StartError
from chatcluster.runtime.settings import ClusterSettings

# What the options of a target may be: settings that say how a carrier is used, not who we are.
_OPTIONS = ("adapter_", "hub_", "postgres_", "redis_", "key")

S = TypeVar("S", bound=ClusterSettings)


def make_switching(settings: ClusterSettings, origin: str, numbers: Iterator[int]) -> Switching:
    """Not opened yet. Raises StartError for a fan-out file that cannot be used, and ValueError for
    a mode or address that is none.
    """
    return Switching(partial(_make, settings, origin), origin, numbers, start_state(settings))


def start_state(settings: ClusterSettings) -> Switch:
    """What `fanout_file` says, or, where there is none, the mode of the settings."""
    fresh = Switch(0, Target(settings.mode))
    if not settings.fanout_file:
        return fresh
    try:
        return read_switch(Path(settings.fanout_file).read_bytes())
    except FileNotFoundError:
        return fresh  # nothing was ever changed
    except (OSError, MalformedError) as error:
        raise StartError(f"{settings.fanout_file}: {error} (CHAT_FANOUT_FILE)") from error


def settings_for(settings: S, target: Target) -> S:
    """*settings* with the mode and options of *target*. Raises ValueError, with a sentence."""
    for name in target.options:
        if name not in type(settings).model_fields or not name.startswith(_OPTIONS):
            raise ValueError(f"{name} is not a setting of a fan-out")
    values = {name: getattr(settings, name) for name in type(settings).model_fields}
    try:
        return type(settings).model_validate({**values, "mode": target.mode, **target.options})
    except ValidationError as error:
        raise ValueError("; ".join(map(_sentence, error.errors()))) from error


def _sentence(problem: ErrorDetails) -> str:
    message = problem["msg"].removeprefix("Value error, ")
    return f"{problem['loc'][0]}: {message}" if problem["loc"] else message


def _make(settings: ClusterSettings, origin: str, target: Target) -> Fanout:
    return make_fanout(settings_for(settings, target), origin)
