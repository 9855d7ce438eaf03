"""`chatcluster status`: asks gateways how they are, and shows it."""

from __future__ import annotations

import asyncio
import errno
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

import orjson
from aiohttp import ClientConnectorError, ClientError, ClientSession, ClientTimeout
from pydantic import ValidationError
from rich.console import Console
from rich.live import Live

from chat_local.places import named, ours
from chat_local.seen import GatewayStats, Rates, Seen, Target
from chat_local.status_table import view
from chatcluster.runtime.lifecycle import stop_signal

REFRESH_SECONDS = 1.0
ANSWER = ClientTimeout(total=2.0)


async def show_status(admins: Sequence[str], *, once: bool, as_json: bool) -> None:
    """Show the gateways at *admins*, or those of `chatcluster run`, until a signal or *once*.

    Raises StartError when there are none to ask.
    """
    rates = Rates()
    _targets(admins)
    async with ClientSession(timeout=ANSWER) as session:
        if once or as_json or not sys.stdout.isatty():
            await look(session, _targets(admins), rates)
            await asyncio.sleep(REFRESH_SECONDS)  # messages a second are seen from two looks
            _print(await look(session, _targets(admins), rates), as_json=as_json)
            return
        with stop_signal() as stop, _live() as update:
            while not stop.is_set():
                with suppress(TimeoutError):
                    update(await look(session, _targets(admins), rates))
                    async with asyncio.timeout(REFRESH_SECONDS):
                        await stop.wait()


def _targets(admins: Sequence[str]) -> list[Target]:
    return named(admins) if admins else ours("gateway")


async def look(session: ClientSession, at: Sequence[Target], rates: Rates) -> list[Seen]:
    """Ask all of them, and return them in the order of their names."""
    seen = await asyncio.gather(*(_ask(session, one) for one in at))
    return sorted((rates.of(one, time.monotonic()) for one in seen), key=lambda one: one.order)


async def _ask(session: ClientSession, at: Target) -> Seen:
    try:
        async with session.get(f"{at.admin}/stats", headers=at.headers) as answer:
            if answer.status != 200:
                return Seen(at, error=f"it answers {answer.status}")
            return Seen(at, GatewayStats.model_validate_json(await answer.read()))
    except ValidationError:
        return Seen(at, error="what answers is no gateway")
    except TimeoutError:
        return Seen(at, error=f"no answer within {ANSWER.total:g} s")
    except ClientConnectorError as error:
        refused = error.os_error.errno == errno.ECONNREFUSED
        return Seen(at, error="nobody listens there" if refused else str(error.os_error))
    except ClientError as error:
        return Seen(at, error=str(error) or type(error).__name__)


def _print(seen: Sequence[Seen], *, as_json: bool) -> None:
    if as_json:
        print(orjson.dumps([one.as_json() for one in seen], option=orjson.OPT_INDENT_2).decode())
    else:
        Console().print(view(seen))


@contextmanager
def _live() -> Iterator[Callable[[Sequence[Seen]], None]]:
    with Live(auto_refresh=False) as live:
        yield lambda seen: live.update(view(seen), refresh=True)
