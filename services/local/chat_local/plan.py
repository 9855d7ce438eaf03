"""What to start, with which environment: decided here, without starting anything."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from chat_local.run_settings import ADMIN_ABOVE, HUB_ABOVE, RunSettings

LOOPBACK = "127.0.0.1"
Kind = Literal["valkey", "postgres", "hub", "gateway"]


@dataclass(frozen=True, slots=True)
class Program:
    """One process to start. `environment` comes on top of ours."""

    name: str
    kind: Kind
    command: tuple[str, ...]
    address: str  # where others reach it
    environment: Mapping[str, str] = field(default_factory=dict)
    admin: str | None = None  # the admin server's address, for programs that have one
    grace: float = 2.0  # seconds that it may take to end when asked to
    asking: signal.Signals = signal.SIGTERM  # how it is asked to end
    user: str | None = None  # whom it runs as; None: whoever we are


@dataclass(frozen=True, slots=True)
class Port:
    """A port that has to be free; `setting` is the one that moves it."""

    host: str
    number: int
    purpose: str
    setting: str = "port"


def gateway_names(settings: RunSettings) -> list[str]:
    return [f"gateway-{number}" for number in range(1, settings.gateways + 1)]


def hub_names(settings: RunSettings) -> list[str]:
    if settings.hubs == 1:
        return ["hub"]
    return [f"hub-{number}" for number in range(1, settings.hubs + 1)]


def ports(settings: RunSettings) -> list[Port]:
    """The ports that must be free before anything is started."""
    listeners = [
        (name, settings.host, settings.port + above)
        for above, name in enumerate(gateway_names(settings))
    ]
    listeners += [
        (name, LOOPBACK, settings.port + HUB_ABOVE + above)
        for above, name in enumerate(hub_names(settings))
    ]
    return [
        port
        for name, host, number in listeners
        for port in (
            Port(host, number, name),
            Port(LOOPBACK, number + ADMIN_ABOVE, f"the admin server of {name}"),
        )
    ]


def needs_postgres(settings: RunSettings) -> bool:
    return "postgres" in (settings.mode, settings.history)


def programs(
    settings: RunSettings, valkey: Program, postgres: Program | None = None
) -> list[Program]:
    """*valkey*, *postgres*, the hubs, then the gateways: the order in which they can be started.

    Valkey and the hubs are there in every mode, so that the mode can change while they run;
    Postgres, which takes longer to start, where something needs it.
    """
    hubs = _known_hubs(settings)
    servers = [valkey] if postgres is None else [valkey, postgres]
    reached = {"REDIS_URL": valkey.address, **hubs}
    if postgres is not None:
        reached["POSTGRES_DSN"] = postgres.address
    return [
        *servers,
        *(
            _hub(settings, name, number, hubs)
            for number, name in enumerate(hub_names(settings), settings.port + HUB_ABOVE)
        ),
        *(
            _gateway(settings, name, number, reached)
            for number, name in enumerate(gateway_names(settings), settings.port)
        ),
    ]


def browsable(settings: RunSettings) -> list[str]:
    """The gateways' addresses, to open in a browser on this machine."""
    return [
        _url(settings.host, number)
        for number in range(settings.port, settings.port + settings.gateways)
    ]


def stages(started: Sequence[Program]) -> list[list[Program]]:
    """Who may start together, once those before are ready: the reverse is the order of stopping."""
    kinds: tuple[set[Kind], ...] = ({"valkey", "postgres"}, {"hub"}, {"gateway"})
    return [[program for program in started if program.kind in stage] for stage in kinds]


def _known_hubs(settings: RunSettings) -> dict[str, str]:
    """What gateways and hubs know of hubs. Those that are for chosen namespaces are no others'."""
    first = settings.port + HUB_ABOVE
    urls = [_url(LOOPBACK, number) for number in range(first, first + settings.hubs)]
    chosen = {url.rstrip("/") for own in settings.hub_routes.values() for url in own}
    general = [url for url in urls if url not in chosen]
    return {
        "HUB_URLS": ",".join(general or urls),
        "HUB_ROUTES": json.dumps(settings.hub_routes),
    }


def _hub(settings: RunSettings, name: str, port: int, hubs: Mapping[str, str]) -> Program:
    return _python(
        name,
        "hub",
        _url(LOOPBACK, port),
        settings,
        {"HOST": LOOPBACK, "PORT": port, "ADMIN_PORT": port + ADMIN_ABOVE, **hubs},
    )


def _gateway(settings: RunSettings, name: str, port: int, reached: Mapping[str, str]) -> Program:
    return _python(
        name,
        "gateway",
        _url(settings.host, port),
        settings,
        {
            "HOST": settings.host,
            "PORT": port,
            "ADMIN_PORT": port + ADMIN_ABOVE,
            "MODE": settings.mode,
            "HISTORY": settings.history,
            **reached,
        },
    )


def _python(
    name: str,
    kind: Literal["hub", "gateway"],
    address: str,
    settings: RunSettings,
    own: Mapping[str, object],
) -> Program:
    values: dict[str, object] = {
        "NAME": name,
        "ADMIN_HOST": LOOPBACK,
        "LOG_LEVEL": settings.log_level,
        "LOG_FORMAT": "json",
        "SETTLE_SECONDS": settings.settle_seconds,
        "DRAIN_SECONDS": settings.drain_seconds,
        **own,
    }
    return Program(
        name=name,
        kind=kind,
        # -P: a file in the current folder must not take the place of a module.
        command=(sys.executable, "-P", "-m", f"chat_{kind}"),
        address=address,
        environment={f"CHAT_{key}": str(value) for key, value in values.items()},
        admin=f"http://{LOOPBACK}:{own['ADMIN_PORT']}",
        grace=settings.settle_seconds + settings.drain_seconds + 3.0,
    )


def _url(host: str, port: int) -> str:
    if host in ("", "0.0.0.0", "::"):  # all addresses; this one works from here
        host = LOOPBACK
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
