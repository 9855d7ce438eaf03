"""What `chatcluster switch` is told to switch to."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any

from pydantic import SecretStr

from chatcluster.chat.changing import settings_for
from chatcluster.core.switch import Target
from chatcluster.fanout import modes
from chatcluster.runtime.lifecycle import StartError, shown
from chatcluster.runtime.settings import ClusterSettings, load


def read_target(mode: str, options: Sequence[str]) -> Target:
    """`redis`, or `adapter:sharded`, with *options* like `adapter_protocol=sharded`. Values get
    the types of their settings, so that what is said twice is the same. Raises StartError.
    """
    name, colon, protocol = mode.partition(":")
    given = dict(map(_option, options))
    if colon:
        if name != "adapter":
            raise StartError(f"{mode!r}: only mode adapter has protocols, as in adapter:sharded")
        given["adapter_protocol"] = protocol
    try:
        modes.named(name)
    except ValueError as error:
        raise StartError(f"{name!r}: {error}") from error
    try:
        read = settings_for(
            load(ClusterSettings, mode="isolated", history="off"), Target(name, given)
        )
    except ValueError as error:
        raise StartError(f"--option: {error}") from error
    return Target(name, read.model_dump(mode="json", include=set(given)))


def described(target: Target) -> str:
    """For people: `adapter:sharded`, `hub (hub_urls=…)`; passwords are left out."""
    name, options = _short(target)
    if not options:
        return name
    return f"{name} ({', '.join(options)})"


def command(target: Target, admins: Sequence[str]) -> str:
    """What a person types to switch to *target*."""
    name, options = _short(target)
    words = [name, *(part for option in options for part in ("--option", option))]
    words += [part for admin in admins for part in ("--admin", admin)]
    return shlex.join(["chatcluster", "switch", *words])


def _option(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise StartError(f"--option={text!r}: should be like adapter_protocol=sharded")
    name = name.replace("-", "_")
    field = ClusterSettings.model_fields.get(name)
    if field is not None and field.annotation is SecretStr:
        raise StartError(f"--option={name}: a secret is no option, others can see a command line")
    return name, value


def _short(target: Target) -> tuple[str, list[str]]:
    options = dict(target.options)
    name = target.mode
    if name == "adapter" and "adapter_protocol" in options:
        name += f":{options.pop('adapter_protocol')}"
    return name, [f"{key}={shown(_text(value))}" for key, value in sorted(options.items())]


def _text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
