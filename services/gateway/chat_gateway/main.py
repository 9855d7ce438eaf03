"""The program: opens what a gateway needs, serves, and leaves in order."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from aiohttp import web

from chat_gateway.drain import drain
from chat_gateway.gateway import Gateway, new_origin
from chat_gateway.health import Phase
from chat_gateway.metrics import gateway_metrics
from chat_gateway.site import make_site
from chat_gateway.sockets.door import Door
from chat_gateway.sockets.front import FrontServer
from chatcluster.chat.fanouts import carrier, make_fanout
from chatcluster.chat.job_log import JobLog
from chatcluster.chat.recording import Recording
from chatcluster.chat.stores import opened_store
from chatcluster.core.errors import FanoutError, HistoryError
from chatcluster.history.port import Retention
from chatcluster.runtime.admin import AdminServer
from chatcluster.runtime.lifecycle import StartError, listening, shown, stop_signal
from chatcluster.runtime.logs import configure, get_logger
from chatcluster.runtime.settings import GatewaySettings

CLOSE_SECONDS = 2.0  # for clients to answer the last close frames
# New objects between two looks for cycles, younger looks between two at older objects, and so on.
# Clients are many objects that live long and are in no cycles: looked at as often as Python does
# it by default, they cost a fifth of the time of a connect.
COLLECTING = (50_000, 20, 100)

log = get_logger(__name__)


async def serve(settings: GatewaySettings) -> None:
    """Run a gateway until SIGTERM or SIGINT. Raises StartError when it cannot start."""
    configure(settings.log_level, settings.log_format)
    with stop_signal() as stop:
        async with AsyncExitStack() as stack:
            gateway = await _open(settings, stack)
            admin = AdminServer(
                settings.admin_host,
                settings.admin_port,
                ready=gateway.health.reasons,
                stats=gateway.stats,
                registry=gateway_metrics(gateway),
            )
            await stack.enter_async_context(admin.serving())
            port = await stack.enter_async_context(_clients(gateway))
            gc.freeze()
            gc.set_threshold(*COLLECTING)
            gateway.ready()
            log.info(
                "ready",
                name=settings.name,
                port=port,
                admin_port=admin.port,
                mode=settings.mode,
                history=settings.history,
            )
            await stop.wait()
            await _leave(gateway)


async def _open(settings: GatewaySettings, stack: AsyncExitStack) -> Gateway:
    retention = Retention(length=settings.history_length, age=settings.history_age)
    store = await stack.enter_async_context(
        opened_store(settings, retention, rooms_limit=settings.rooms_limit)
    )
    origin = new_origin(settings.name)
    jobs = await stack.enter_async_context(_jobs(settings)) if settings.job_events else None
    try:
        fanout = make_fanout(settings, origin)
        if jobs is not None:
            fanout = Recording(fanout, jobs)
        gateway = Gateway(settings, store, fanout, origin, jobs=jobs)
        await stack.enter_async_context(gateway.serving())
    except (FanoutError, ValueError) as error:
        raise StartError(
            f"mode {settings.mode}: no answer from {carrier(settings)} ({error})"
        ) from error
    return gateway


@asynccontextmanager
async def _jobs(settings: GatewaySettings) -> AsyncIterator[JobLog]:
    """Raises StartError when Redis does not answer."""
    try:
        jobs = JobLog(
            settings.redis_url,
            prefix=settings.redis_prefix,
            length=settings.jobs_length,
            events=settings.job_events,
        )
        await jobs.check()
    except (HistoryError, ValueError) as error:
        raise StartError(
            f"job_events: no answer from Redis at {shown(settings.redis_url)} "
            f"({error}; CHAT_REDIS_URL)"
        ) from error
    try:
        yield jobs
    finally:
        await jobs.close()


@asynccontextmanager
async def _clients(gateway: Gateway) -> AsyncIterator[int]:
    """Serve the public port while the body runs; gives the port."""
    settings = gateway.settings
    app = make_site(
        gateway.server.eio,
        max_payload=settings.max_payload,
        body_seconds=settings.request_timeout,
    )
    runner = web.AppRunner(app, handle_signals=False)
    await runner.setup()
    assert runner.server is not None, "set up above"
    front = FrontServer(
        runner.server.request_handler,
        request_factory=runner.server.request_factory,
        head_seconds=settings.request_timeout,
        access_log=None,
        keepalive_timeout=75.0,
    )
    engine = gateway.server.eio
    door = Door(engine.websockets.open, front, head_seconds=settings.request_timeout)
    loop = asyncio.get_running_loop()
    with listening(settings.host, settings.port, setting="port"):
        server = await loop.create_server(door, settings.host, settings.port, backlog=1024)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        door.close()
        await gateway.server.shutdown()
        await engine.websockets.ended(CLOSE_SECONDS)
        await front.shutdown(CLOSE_SECONDS)
        await runner.cleanup()


async def _leave(gateway: Gateway) -> None:
    """Not ready, settle, drain; what was opened is closed by those who opened it."""
    settings = gateway.settings
    gateway.health.phase = Phase.SETTLING
    log.info("settling", seconds=settings.settle_seconds)
    # Load balancers still send new clients for a moment after readiness is withdrawn.
    await asyncio.sleep(settings.settle_seconds)
    gateway.health.phase = Phase.DRAINING
    log.info("draining", connections=len(gateway.server.eio.sockets))
    await drain(gateway.server.eio, settings.drain_seconds)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_SECONDS):
            await gateway.presence.bye()
    log.info("left")
