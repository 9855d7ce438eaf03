"""Which fan-out is wanted: its mode, and the settings of modes that may change while people chat.

They are taken from the programs' own settings, so limits and sentences are the same there. Left
out is what may hold a password: such settings come from Secrets, with a rollout.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field, create_model
from pydantic.fields import FieldInfo

from chat_operator.fields import Written
from chatcluster.core.switch import Target
from chatcluster.runtime.settings import ClusterSettings

_SECRET = ("url", "urls", "dsn", "token", "password")


def _options(prefix: str, about: str) -> type[BaseModel]:
    """The settings that begin with *prefix*. One that is not given is as the programs have it."""
    fields: dict[str, Any] = {
        name.removeprefix(prefix): (
            _as_given(field) | None,
            Field(default=None, description=field.description),
        )
        for name, field in ClusterSettings.model_fields.items()
        if name.startswith(prefix) and not name.endswith(_SECRET)
    }
    return create_model(
        f"{prefix.removesuffix('_').capitalize()}Options", __base__=Written, __doc__=about, **fields
    )


def _as_given(field: FieldInfo) -> Any:
    """Its type, with its limits."""
    limits = tuple(field.metadata)
    return Annotated[(field.annotation, *limits)] if limits else field.annotation


AdapterOptions = _options("adapter_", "Settings of mode `adapter`.")
RedisOptions = _options("redis_", "Settings of mode `redis`.")
PostgresOptions = _options("postgres_", "Settings of mode `postgres`.")
HubOptions = _options("hub_", "Settings of mode `hub`.")


class Fanout(Written):
    """What carries messages between gateways. Changed while people chat."""

    mode: str = Field(
        min_length=1,
        max_length=63,
        pattern=r"^[a-z][a-z0-9-]*$",
        description="`isolated`, `hub`, `postgres`, `redis`, `adapter`, or another mode that is "
        "installed in the gateways' image.",
    )
    accept_split_users: bool = Field(
        default=False,
        description="Several gateways in mode `isolated` are what you want: their users do not see "
        "each other. Without it the condition NoWarnings is false then.",
    )
    prepare_timeout_seconds: int = Field(
        default=60,
        ge=5,
        le=3600,
        description="Seconds for all gateways to be ready for a change; then it is called off, and "
        "what was in force stays.",
    )
    retry_seconds: int = Field(
        default=30,
        ge=5,
        le=3600,
        description="Seconds from a change that was called off to the next attempt; twice as many "
        "after each further one, up to 20 times as many. Another `mode` is tried at once.",
    )
    adapter: AdapterOptions | None = Field(default=None, description="Settings of mode `adapter`.")  # type: ignore[valid-type]
    redis: RedisOptions | None = Field(default=None, description="Settings of mode `redis`.")  # type: ignore[valid-type]
    postgres: PostgresOptions | None = Field(  # type: ignore[valid-type]
        default=None, description="Settings of mode `postgres`."
    )
    hub: HubOptions | None = Field(default=None, description="Settings of mode `hub`.")  # type: ignore[valid-type]

    @property
    def target(self) -> Target:
        """As gateways are told: only what is given, by the settings' names."""
        block: BaseModel | None = getattr(self, self.mode, None) if self.mode in _BLOCKS else None
        given = block.model_dump(mode="json", exclude_none=True) if block is not None else {}
        return Target(self.mode, {f"{self.mode}_{name}": value for name, value in given.items()})


_BLOCKS = ("adapter", "redis", "postgres", "hub")
