"""Watches ChatClusters and what belongs to chats, by kopf, in a thread of its own.

kopf takes the event loop that it runs on for its own: it handles its signals, and at its end it
cancels every task. Nothing is decided here, and no state is kept in objects: no finalizer, no
annotation. A look at a ChatCluster relies on nothing that was watched.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Collection
from typing import Any

import kopf
from kopf._core.engines import peering

from chat_operator.look import Key
from chat_operator.news import News
from chat_operator.spec import GROUP, PLURAL, VERSION
from chatcluster.core.errors import ChatClusterError
from chatcluster.runtime.logs import get_logger

STOP_SECONDS = 8.0
CHILDREN = (("", "v1", "pods"), ("apps", "v1", "deployments"), ("apps", "v1", "statefulsets"))

log = get_logger(__name__)


class WatchError(ChatClusterError):
    """kopf has ended, and why."""


class Watch:
    """Calls *seen* for a ChatCluster that is there or changed, *wake* for a namespace in which a
    child (by the selector *labels*) changed; both on the loop on which it was made.
    """

    def __init__(
        self,
        *,
        namespaces: Collection[str],
        labels: str,
        seen: Callable[[Key], None],
        wake: Callable[[str], None],
    ) -> None:
        self._namespaces = namespaces
        self._labels = labels
        self._seen = seen
        self._wake = wake
        self._loop = asyncio.get_running_loop()

    async def run(self) -> None:
        """For ever. Raises WatchError when kopf ends by itself."""
        stop, ended = threading.Event(), asyncio.Event()
        failure: list[BaseException] = []

        def watch() -> None:
            try:
                self._watch(stop)
            except BaseException as error:
                failure.append(error)
            self._loop.call_soon_threadsafe(ended.set)

        # A daemon: kopf that does not end must not keep the process.
        threading.Thread(target=watch, name="watch", daemon=True).start()
        try:
            await ended.wait()
        finally:
            stop.set()
            await _within(STOP_SECONDS, ended)
        raise WatchError("the watch has ended") from (failure[0] if failure else None)

    def _watch(self, stop: threading.Event) -> None:
        # A line for each object that is seen says nothing; nor that no signals come to a thread.
        logging.getLogger("kopf").setLevel(logging.WARNING)
        logging.getLogger("kopf._core.reactor.running").setLevel(logging.ERROR)
        asyncio.run(
            kopf.operator(
                registry=self._registry(),
                settings=_settings(self._labels),
                clusterwide=not self._namespaces,
                namespaces=list(self._namespaces),
                standalone=True,
                # Otherwise it asks for the name of a user that no image has.
                identity=peering.Identity("chatcluster-operator"),
                stop_flag=stop,
            )
        )

    def _registry(self) -> kopf.OperatorRegistry:
        registry = kopf.OperatorRegistry()

        @kopf.on.login(registry=registry)
        def login(**given: Any) -> kopf.ConnectionInfo | None:
            return kopf.login_with_service_account(**given) or kopf.login_with_kubeconfig(**given)

        news = News()

        @kopf.on.event(GROUP, VERSION, PLURAL, registry=registry)
        async def chat_cluster(
            namespace: str | None, name: str | None, type: str | None, meta: kopf.Meta, **_: Any
        ) -> None:
            assert namespace is not None
            assert name is not None
            key = Key(namespace, name)
            if news.is_news(key, type, meta["generation"]):
                self._loop.call_soon_threadsafe(self._seen, key)

        async def child(namespace: str | None, **_: Any) -> None:
            self._loop.call_soon_threadsafe(self._wake, namespace or "")

        for group, version, plural in CHILDREN:
            kopf.on.event(group, version, plural, registry=registry, id=plural)(child)
        return registry


async def _within(seconds: float, ended: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(seconds):
            await ended.wait()
    except TimeoutError:
        log.warning("watch_does_not_end", seconds=seconds)


def _settings(labels: str) -> kopf.OperatorSettings:
    settings = kopf.OperatorSettings()
    settings.posting.enabled = False
    settings.scanning.disabled = True  # the kinds and namespaces are known
    settings.watching.server_timeout = 300
    settings.watching.client_timeout = 330
    settings.watching.connect_timeout = 10
    settings.networking.request_timeout = 30
    if labels:
        for group, version, plural in CHILDREN:
            settings.watching.label_selectors[group, version, plural] = labels
    return settings
