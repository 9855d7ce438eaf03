"""Whose fan-out `chatcluster switch` changes, and what has to run for it."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout

from chat_local import run_file
from chat_local.fanout_file import tell_starting
from chat_local.run_file import Run
from chat_local.seen import target
from chatcluster.control.gateway_admin import GatewayAdmin, sentence
from chatcluster.control.switching import Store
from chatcluster.core.switch import Switch, Target
from chatcluster.runtime.lifecycle import StartError

# To make its data and start: longer than the server itself is given.
STARTING = ClientTimeout(total=120.0)


@dataclass(frozen=True, slots=True)
class Place:
    """`gateways` by name, workers among them; where those that start look; a way to start what a
    target needs, which returns what there is to say of it and raises StartError.
    """

    gateways: Mapping[str, GatewayAdmin]
    counted: str  # such as `2 gateways`
    store: Store
    start_servers: Callable[[Target], Awaitable[str]]


def place(session: ClientSession, admins: Sequence[str]) -> Place:
    """The gateways at *admins*, or, without any, the cluster on this machine. Raises StartError
    when there is none, or several.
    """
    return _named(session, admins) if admins else _ours(session, _running())


def _named(session: ClientSession, admins: Sequence[str]) -> Place:
    token = os.environ.get("CHAT_ADMIN_TOKEN", "")
    urls = dict.fromkeys(target(admin).admin for admin in admins)
    gateways = {urlsplit(url).netloc: GatewayAdmin(session, url, token) for url in urls}

    async def store(start: Switch) -> None:
        """Where such gateways look when they start is not ours."""

    async def start_servers(wanted: Target) -> str:
        return ""

    return Place(gateways, _count(len(gateways), "gateway"), store, start_servers)


def _ours(session: ClientSession, run: Run) -> Place:
    programs = [one for one in run.programs if one.kind in ("gateway", "worker") and one.admin]
    gateways = {
        one.name: GatewayAdmin(session, one.admin, run.token) for one in programs if one.admin
    }
    workers = sum(one.kind == "worker" for one in programs)
    counted = _count(len(programs) - workers, "gateway")
    if workers:
        counted += f" and {_count(workers, 'worker')}"

    async def store(start: Switch) -> None:
        tell_starting(run.fanout_file, start)

    async def start_servers(wanted: Target) -> str:
        if wanted.mode != "postgres" or "postgres_dsn" in wanted.options:
            return ""
        return await _start_postgres(session, run)

    return Place(gateways, counted, store, start_servers)


def _running() -> Run:
    runs = run_file.alive()
    if not runs:
        raise StartError(
            "no cluster runs on this machine: start one with `chatcluster run`, or name the "
            "gateways' admin servers with --admin http://host:port"
        )
    if len(runs) > 1:
        raise StartError(
            f"{len(runs)} clusters run on this machine: name the gateways' admin servers of one "
            "with --admin http://host:port"
        )
    if not runs[0].ready:
        raise StartError("the cluster on this machine is still starting")
    return runs[0]


async def _start_postgres(session: ClientSession, run: Run) -> str:
    headers = {"Authorization": f"Bearer {run.token}"}
    try:
        async with session.post(
            f"{run.control}/servers/postgres", headers=headers, timeout=STARTING
        ) as answer:
            said = await answer.json()
    except (ClientError, TimeoutError) as error:
        raise StartError(f"`chatcluster run` does not start Postgres: {sentence(error)}") from error
    if answer.status != 200:
        raise StartError(f"Postgres does not start, nothing has changed: {said['error']}")
    return "Postgres runs now." if said["started"] else ""


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
