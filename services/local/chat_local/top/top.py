"""Looks again and again, and shows it."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from contextlib import suppress

import orjson
from aiohttp import ClientError, ClientSession, ClientTimeout
from rich.console import Console
from rich.live import Live

from chat_local.places import Targets, Where, targets
from chat_local.seen import Target
from chat_local.top.reading import Look, Looks, Metrics
from chat_local.top.table import rows, view
from chatcluster.control.gateway_admin import sentence
from chatcluster.runtime.lifecycle import stop_signal

REFRESH_SECONDS = 1.0
ANSWER = ClientTimeout(total=2.0)
UNBOUNDED = 1000  # columns


async def show_top(where: Where, *, once: bool, as_json: bool) -> None:
    """Show every program of the cluster until a signal, or *once*. Raises StartError when there
    are none.
    """
    looks = Looks()
    async with targets(where) as known, ClientSession(timeout=ANSWER) as session:
        if once or as_json or not sys.stdout.isatty():
            await look(session, await known(), looks)
            await asyncio.sleep(REFRESH_SECONDS)  # what happens in a second is seen from two looks
            _print(await look(session, await known(), looks), as_json=as_json)
        else:
            await _live(session, known, looks)


async def _live(session: ClientSession, known: Targets, looks: Looks) -> None:
    with stop_signal() as stop, Live(auto_refresh=False, screen=True) as live:
        while not stop.is_set():
            live.update(view(await look(session, await known(), looks)), refresh=True)
            with suppress(TimeoutError):
                async with asyncio.timeout(REFRESH_SECONDS):
                    await stop.wait()


async def look(session: ClientSession, at: Sequence[Target], looks: Looks) -> list[Look]:
    """Ask all of them, and return them in the order of their names."""
    seen = await asyncio.gather(*(_ask(session, one) for one in at))
    return sorted((looks.following(one) for one in seen), key=lambda one: one.order)


async def _ask(session: ClientSession, at: Target) -> Look:
    now = time.monotonic()
    try:
        async with session.get(f"{at.admin}/metrics", headers=at.headers) as answer:
            if answer.status != 200:
                return Look(at, now, error=f"it answers {answer.status}")
            return Look(at, now, Metrics.parse(await answer.text()))
    except ValueError:
        return Look(at, now, error="what answers has no metrics")
    except (ClientError, TimeoutError) as error:
        return Look(at, now, error=sentence(error))


def _print(looks: Sequence[Look], *, as_json: bool) -> None:
    if as_json:
        print(orjson.dumps(rows(looks), option=orjson.OPT_INDENT_2).decode())
    else:
        # A file or a pipe is as wide as the table; a terminal has the width that it has.
        Console(width=None if sys.stdout.isatty() else UNBOUNDED).print(view(looks))
