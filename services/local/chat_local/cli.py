"""The command `chatcluster`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from chat_local.options import takes
from chat_local.run_settings import RunSettings
from chatcluster.runtime import lifecycle
from chatcluster.runtime.lifecycle import StartError
from chatcluster.runtime.settings import (
    ClusterSettings,
    GatewaySettings,
    HubSettings,
    SettingsError,
)
from chatcluster.runtime.worker_settings import WorkerSettings

VARIABLES = (
    "Each option is also a variable: --admin-port is CHAT_ADMIN_PORT. An option goes before its "
    "variable."
)
VARIABLES_OF_SWITCH = "With --admin, CHAT_ADMIN_TOKEN is what the gateways want to be shown."

VARIABLES_OF_LOOKING = "CHAT_ADMIN_TOKEN is what admin servers are shown, if they want one."

Admins = Annotated[
    list[str] | None,
    typer.Option(
        metavar="URL",
        help="The admin address of a gateway, such as http://127.0.0.1:9000; name all of them. "
        "Without it: the cluster of `chatcluster run`.",
    ),
]
Release = Annotated[
    str,
    typer.Option(
        metavar="NAME", help="A release of the chart, on the cluster of your kubeconfig (kubectl)."
    ),
]
Namespace = Annotated[str, typer.Option(metavar="NAME", help="The namespace of the release.")]
Once = Annotated[bool, typer.Option("--once", help="Print it once, not every second.")]

app = typer.Typer(
    name="chatcluster",
    help="Many Socket.IO servers, one chat.",
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command(epilog=VARIABLES)
@takes(
    RunSettings,
    "gateways",
    "hubs",
    "workers",
    "mode",
    "port",
    "host",
    "history",
    "data",
    "log_level",
)
def run(settings: RunSettings) -> None:
    """Run a whole cluster on this machine: gateways, hubs, a Valkey, a Postgres if needed."""
    from chat_local.run import run_cluster

    raise typer.Exit(lifecycle.run(run_cluster(settings)))


@app.command(epilog=VARIABLES)
@takes(GatewaySettings)
def gateway(settings: GatewaySettings) -> None:
    """Run one gateway: it holds clients' connections and speaks the chat."""
    from chat_gateway.main import serve

    raise typer.Exit(lifecycle.run(serve(settings)))


@app.command(epilog=VARIABLES)
@takes(HubSettings)
def hub(settings: HubSettings) -> None:
    """Run one hub: it relays between gateways, and takes broadcasts of other services."""
    from chat_hub.main import serve

    raise typer.Exit(lifecycle.run(serve(settings)))


@app.command(epilog=VARIABLES)
@takes(WorkerSettings)
def worker(settings: WorkerSettings) -> None:
    """Run one worker: it does jobs, such as slash commands, and answers into rooms."""
    from chat_worker.main import serve

    raise typer.Exit(lifecycle.run(serve(settings)))


@app.command()
def status(
    admin: Annotated[
        list[str] | None,
        typer.Option(
            metavar="URL",
            help="A gateway's admin address, such as http://127.0.0.1:9000; may be repeated. "
            "Without it: the gateways of `chatcluster run`.",
        ),
    ] = None,
    once: Once = False,
    json: Annotated[bool, typer.Option("--json", help="Print it once, as JSON.")] = False,
) -> None:
    """Show the gateways: their state, connections, rooms and messages a second."""
    from chat_local.status import show_status

    raise typer.Exit(lifecycle.run(show_status(admin or [], once=once, as_json=json)))


@app.command(epilog=VARIABLES_OF_LOOKING)
def top(
    admin: Admins = None,
    release: Release = "",
    namespace: Namespace = "",
    once: Once = False,
    json: Annotated[bool, typer.Option("--json", help="Print it once, as JSON.")] = False,
) -> None:
    """Show what every program does, from its metrics: a live table of a whole cluster."""
    from chat_local.places import Where
    from chat_local.top.top import show_top

    where = Where(admin or (), release, namespace)
    raise typer.Exit(lifecycle.run(show_top(where, once=once, as_json=json)))


@app.command(epilog=VARIABLES_OF_LOOKING)
def doctor(
    admin: Admins = None,
    release: Release = "",
    namespace: Namespace = "",
    json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")] = False,
) -> None:
    """Look for what is wrong in a running cluster, and say what to do.

    The exit code is 1 if there is a problem, and 0 if there is none, or advice only.
    """
    from chat_local.doctor.report import diagnose
    from chat_local.places import Where

    where = Where(admin or (), release, namespace)
    raise typer.Exit(lifecycle.run(diagnose(where, as_json=json)))


@app.command(epilog=VARIABLES_OF_SWITCH)
def switch(
    mode: Annotated[
        str,
        typer.Argument(
            metavar="MODE", help="The mode to switch to; of mode adapter also adapter:PROTOCOL."
        ),
    ],
    option: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="A setting of the mode that differs from the gateways' own, such as "
            "adapter_protocol=sharded; may be repeated.",
        ),
    ] = None,
    admin: Annotated[
        list[str] | None,
        typer.Option(
            metavar="URL",
            help="The admin address of a gateway or worker; name all of them. Without it: the "
            "cluster of `chatcluster run`.",
        ),
    ] = None,
    timeout: Annotated[
        float,
        typer.Option(
            metavar="SECONDS",
            min=1,
            max=3600,
            help="For all to be ready; after it, the change is called off.",
        ),
    ] = 30.0,
    json: Annotated[bool, typer.Option("--json", help="Print how it ended, as JSON.")] = False,
) -> None:
    """Change the fan-out of a running cluster, while people chat.

    Before a gateway has committed, whatever fails calls it off and leaves all as it was (exit
    code 1).
    """
    from chat_local.switch import Wish, change
    from chat_local.switch_target import read_target

    wish = Wish(read_target(mode, option or []), timeout, admin or [], as_json=json)
    raise typer.Exit(lifecycle.run(change(wish)))


@app.command(epilog=VARIABLES)
@takes(ClusterSettings, "history", "redis_url", "key", "postgres_dsn", "postgres_prefix")
def restored(settings: ClusterSettings) -> None:
    """Give each room's log a new epoch, after a backup was put back and before gateways start.

    Clients that have seen newer messages than the backup has are then told that something is
    missing. With the history of the gateways; may be repeated.
    """
    from chat_local.restored import renew_rooms

    raise typer.Exit(lifecycle.run(renew_rooms(settings)))


def main() -> None:
    """Run the command line of this process, and end it with the exit code."""
    sys.exit(execute(sys.argv[1:]))


def execute(arguments: Sequence[str]) -> int:
    """The exit code of *arguments*; what was wrong with them is one line on standard error."""
    try:
        return (
            app(list(arguments) or ["--help"], prog_name="chatcluster", standalone_mode=False) or 0
        )
    except (SettingsError, StartError) as error:
        return lifecycle.refuse(str(error))
    except typer.TyperException as error:
        return lifecycle.refuse(f"{error.format_message()} (chatcluster --help)")
    except typer.Abort:
        return lifecycle.INTERRUPTED
