"""The program: opens what a gateway needs, serves, and leaves in order."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count

from aiohttp import web

import chatcluster
from chat_gateway.access.judging import Judge
from chat_gateway.drain import drain
from chat_gateway.examination import Examination
from chat_gateway.gateway import Gateway, new_origin
from chat_gateway.metrics import gateway_metrics
from chat_gateway.moderation.routes import moderation_routes
from chat_gateway.moving import Moving
from chat_gateway.operator_routes import operator_routes
from chat_gateway.serving import CLOSE_SECONDS, serving
from chat_gateway.site import make_site
from chatcluster.chat.changing import make_switching
from chatcluster.chat.fanouts import carrier, with_outbox
from chatcluster.chat.job_log import JobLog
from chatcluster.chat.stores import opened_store
from chatcluster.core.errors import FanoutError, HistoryError
from chatcluster.core.figures import Figures
from chatcluster.fanout.metered import Metered
from chatcluster.fanout.switching import Switching
from chatcluster.history.port import Retention
from chatcluster.runtime.admin import AdminServer
from chatcluster.runtime.background import background
from chatcluster.runtime.fanout_routes import fanout_routes
from chatcluster.runtime.lifecycle import StartError, shown, stop_signal
from chatcluster.runtime.logs import configure, get_logger
from chatcluster.runtime.settings import GatewaySettings
from chatcluster.runtime.tracing import tracing

# New objects between two looks for cycles, younger looks between two at older objects, and so on.
# Clients are many objects that live long and are in no cycles: looked at as often as Python does
# it by default, they cost a fifth of the time of a connect.
COLLECTING = (50_000, 20, 100)

log = get_logger(__name__)


async def serve(settings: GatewaySettings) -> None:
    """Run a gateway until SIGTERM or SIGINT. Raises StartError when it cannot start."""
    configure(settings.log_level, settings.log_format)
    with stop_signal(settings.settle_seconds + settings.drain_seconds) as stop:
        async with AsyncExitStack() as stack:
            gateway, switching, metered = await _open(settings, stack)
            moving = Moving(
                gateway.server.eio,
                gateway.health,
                settle=settings.settle_seconds,
                clock=time.monotonic,
            )
            admin = _admin(gateway, switching, metered, moving)
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
                mode=switching.mode,
                history=settings.history,
            )
            async with background(moving=moving.run()):
                await stop.wait()
            await moving.leave()
            await _leave(gateway)


def _admin(gateway: Gateway, switching: Switching, metered: Metered, moving: Moving) -> AdminServer:
    settings = gateway.settings
    token = settings.admin_token.get_secret_value()
    started = time.time()

    def figures() -> Figures:
        return Figures(
            name=settings.name,
            version=chatcluster.__version__,
            started=started,
            phase=str(gateway.health.phase),
            reasons=tuple(gateway.health.reasons()),
            connections=len(gateway.server.eio.sockets),
            drain=moving.draining,
            shed=moving.shedding,
            fanout=switching.report(),
        )

    return AdminServer(
        settings.admin_host,
        settings.admin_port,
        ready=gateway.health.reasons,
        stats=gateway.stats,
        registry=gateway_metrics(gateway, metered),
        routes=admin_routes(gateway, switching, moving, figures, token=token),
    )


def admin_routes(
    gateway: Gateway,
    switching: Switching,
    moving: Moving,
    figures: Callable[[], Figures],
    *,
    token: str,
) -> list[web.RouteDef]:
    """What a gateway's admin server has besides health (docs/openapi/gateway-admin.yaml)."""
    return [
        *fanout_routes(switching, token),
        *operator_routes(moving, figures, token),
        *moderation_routes(gateway.moderation, token),
        *Examination(gateway, switching.report().origin, token).routes(),
    ]


async def _open(
    settings: GatewaySettings, stack: AsyncExitStack
) -> tuple[Gateway, Switching, Metered]:
    retention = Retention(length=settings.history_length, age=settings.history_age)
    store = await stack.enter_async_context(
        opened_store(settings, retention, rooms_limit=settings.rooms_limit)
    )
    origin = new_origin(settings.name)
    jobs = await stack.enter_async_context(_jobs(settings)) if settings.job_events else None
    judge = await _judge(settings, stack)
    try:
        numbers = count(1)
        switching = make_switching(settings, origin, numbers)
        metered = Metered(switching, origin)
        outbox = with_outbox(metered, settings)
        gateway = Gateway(
            settings,
            store,
            outbox,
            origin,
            numbers=numbers,
            jobs=jobs,
            change=switching,
            judge=judge,
        )
        gateway.manager.tracer = await stack.enter_async_context(
            tracing(
                settings.trace_url, settings.trace_ratio, settings.name, chatcluster.__version__
            )
        )
        await stack.enter_async_context(gateway.serving())
    except (FanoutError, ValueError) as error:
        raise StartError(
            f"mode {settings.mode}: no answer from {carrier(settings)} ({error})"
        ) from error
    return gateway, switching, metered


async def _judge(settings: GatewaySettings, stack: AsyncExitStack) -> Judge | None:
    if settings.auth == "off":
        return None
    from chat_gateway.access.opening import opened_judge  # cryptography: 12 MB, for who needs it

    return await stack.enter_async_context(opened_judge(settings))


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
    async with serving(
        app,
        [gateway.server.eio],
        host=settings.host,
        port=settings.port,
        request_timeout=settings.request_timeout,
    ) as port:
        yield port


async def _leave(gateway: Gateway) -> None:
    """Drain and say goodbye; what was opened is closed by those who opened it."""
    log.info("draining", connections=len(gateway.server.eio.sockets))
    await drain(gateway.server.eio, gateway.settings.drain_seconds)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_SECONDS):
            await gateway.presence.bye()
    log.info("left")
