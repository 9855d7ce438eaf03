"""What the settings of every program have, and how they are read.

A setting `history_length` is the variable `CHAT_HISTORY_LENGTH`; command-line options override
variables.
"""

from __future__ import annotations

import os
import socket
from typing import Annotated, Literal, TypeVar

from pydantic import BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


def parts(value: object) -> object:
    """The parts of a text that commas separate."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


Parts = Annotated[tuple[str, ...], NoDecode, BeforeValidator(parts)]  # separated by commas


class CommonSettings(BaseSettings):
    """What every program has."""

    model_config = SettingsConfigDict(env_prefix="CHAT_", extra="forbid", frozen=True)

    host: str = Field("127.0.0.1", description="Address to listen on; 0.0.0.0 for all.")
    admin_host: str = Field("127.0.0.1", description="Address of the admin server.")
    name: str = Field(
        default_factory=lambda: os.environ.get("HOSTNAME") or socket.gethostname(),
        min_length=1,
        max_length=63,
        pattern=r"^[A-Za-z0-9._-]+$",
        description="This program's name, as clients see it in `dyno` and operators in `status`.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least severe log lines that are written."
    )
    log_format: Literal["json", "text"] = Field(
        "json", description="`json`: one object a line; `text`: for people."
    )
    settle_seconds: float = Field(
        2.0,
        ge=0,
        le=300,
        description="Seconds from `not ready` to the drain: load balancers still send clients.",
    )
    drain_seconds: float = Field(
        10.0, ge=0, le=3600, description="Seconds over which a stopping gateway spreads its closes."
    )


_SECRET = ("token", "url", "routes", "dsn", "password")  # settings whose value may hold one


class SettingsError(Exception):
    """One message that names every wrong setting, its value and what it may be."""


S = TypeVar("S", bound=BaseSettings)


def load(model: type[S], **given: object) -> S:
    """The settings from *given* (options that are not None), then variables, then defaults. Raises
    SettingsError.
    """
    options = {name: value for name, value in given.items() if value is not None}
    try:
        return model(**options)  # type: ignore[arg-type]  # pydantic validates
    except ValidationError as error:
        prefix = model.model_config.get("env_prefix", "")
        raise SettingsError("; ".join(_sentences(error, set(options), prefix))) from error


def _sentences(error: ValidationError, options: set[str], prefix: str) -> list[str]:
    sentences = []
    for problem in error.errors():
        name = str(problem["loc"][0]) if problem["loc"] else ""
        message = problem["msg"].removeprefix("Value error, ")
        if not name:
            sentences.append(message)
            continue
        shown = f"--{name.replace('_', '-')}" if name in options else f"{prefix}{name.upper()}"
        value = "" if any(word in name for word in _SECRET) else f"={problem['input']!r}"
        sentences.append(f"{shown}{value}: {message}")
    return sentences
