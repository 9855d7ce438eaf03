"""Command-line options from settings, so that both have one description."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin

import typer
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from chatcluster.fanout import modes
from chatcluster.runtime.settings import CommonSettings, load

S = TypeVar("S", bound=CommonSettings)

_METAVARS: dict[Any, str] = {int: "INTEGER", float: "NUMBER", Path | None: "FOLDER"}


def takes(model: type[S], *names: str) -> Callable[[Callable[[S], None]], Callable[..., None]]:
    """Make a function of settings into one of options, which are those settings' *names* (all).

    Values stay texts until the settings read them, so that options and variables are refused in
    the same words. Secrets are no options: other users can see a command line.
    """

    def decorate(command: Callable[[S], None]) -> Callable[..., None]:
        def with_options(**given: object) -> None:
            command(load(model, **given))

        with_options.__name__, with_options.__doc__ = command.__name__, command.__doc__
        # typer reads what a command takes from its signature.
        with_options.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [_parameter(name, model.model_fields[name]) for name in names or _open(model)]
        )
        return with_options

    return decorate


def _open(model: type[CommonSettings]) -> list[str]:
    return [name for name, field in model.model_fields.items() if field.annotation != SecretStr]


def _parameter(name: str, field: FieldInfo) -> inspect.Parameter:
    option = typer.Option(
        None,
        f"--{name.replace('_', '-')}",
        help=f"{field.description}{_default(field)}",
        metavar="|".join(modes.installed()) if name == "mode" else _metavar(field.annotation),
        show_default=False,  # None is the default, so that a variable is seen
    )
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=option, annotation=str | None
    )


def _metavar(annotation: Any) -> str:
    if get_origin(annotation) is Literal:
        return "|".join(get_args(annotation))
    return _METAVARS.get(annotation, "TEXT")


def _default(field: FieldInfo) -> str:
    default = field.default
    if field.default_factory is not None:
        default = "this machine's name"
    elif isinstance(default, tuple):
        default = ",".join(default)
    return "" if default in (None, "", {}) else f" Default: {default}"
