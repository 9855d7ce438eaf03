"""What to start, with which environment: decided here, without starting anything."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from chat_local.run_settings import ADMIN_ABOVE, HUB_ABOVE, WORKER_ABOVE, RunSettings

LOOPBACK = "127.0.0.1"
Kind = Literal["valkey", "postgres", "hub", "gateway", "worker"]


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
class Shared:
    """What the gateways and workers of one run have in common.

    There need not be a Postgres yet: it is started when something is to be kept in it.
    """

    redis_url: str
    postgres_dsn: str
    fanout_file: str  # where those that start find which fan-out is in force
    admin_token: str


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


def worker_names(settings: RunSettings) -> list[str]:
    return [f"worker-{number}" for number in range(1, settings.workers + 1)]


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
    admins = [(name, number) for name, _, number in listeners]
    admins += [
        (name, settings.port + WORKER_ABOVE + above)
        for above, name in enumerate(worker_names(settings))
    ]
    return [
        *(Port(host, number, name) for name, host, number in listeners),
        *(
            Port(LOOPBACK, number + ADMIN_ABOVE, f"the admin server of {name}")
            for name, number in admins
        ),
    ]


def needs_postgres(settings: RunSettings) -> bool:
    return "postgres" in (settings.mode, settings.history)


def programs(settings: RunSettings, servers: Sequence[Program], shared: Shared) -> list[Program]:
    """*servers*, the hubs, then gateways and workers: the order in which they can be started.

    Hubs are there in every mode, so that the mode can change while they run.
    """
    hubs = _known_hubs(settings)
    taking_part = {
        "MODE": settings.mode,
        "HISTORY": settings.history,
        "REDIS_URL": shared.redis_url,
        "POSTGRES_DSN": shared.postgres_dsn,
        "FANOUT_FILE": shared.fanout_file,
        "ADMIN_TOKEN": shared.admin_token,
        **hubs,
    }
    return [
        *servers,
        *(
            _hub(settings, name, number, hubs)
            for number, name in enumerate(hub_names(settings), settings.port + HUB_ABOVE)
        ),
        *(
            _gateway(settings, name, number, taking_part)
            for number, name in enumerate(gateway_names(settings), settings.port)
        ),
        *(
            _worker(settings, name, number, taking_part)
            for number, name in enumerate(worker_names(settings), settings.port + WORKER_ABOVE)
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
    kinds: tuple[set[Kind], ...] = (
        {"valkey", "postgres"},
        {"hub"},
        {"gateway", "worker"},
    )
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


def _gateway(
    settings: RunSettings, name: str, port: int, taking_part: Mapping[str, str]
) -> Program:
    # What is said is a job where there are workers to do it.
    jobs = settings.job_events or (("chat message",) if settings.workers else ())
    own = {
        "HOST": settings.host,
        "PORT": port,
        "ADMIN_PORT": port + ADMIN_ABOVE,
        "JOB_EVENTS": ",".join(jobs),
    }
    return _python(name, "gateway", _url(settings.host, port), settings, {**own, **taking_part})


def _worker(settings: RunSettings, name: str, port: int, taking_part: Mapping[str, str]) -> Program:
    own = {"ADMIN_PORT": port + ADMIN_ABOVE}
    admin = _url(LOOPBACK, port + ADMIN_ABOVE)  # its only address
    return _python(name, "worker", admin, settings, {**own, **taking_part})


def _python(
    name: str,
    kind: Literal["hub", "gateway", "worker"],
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
