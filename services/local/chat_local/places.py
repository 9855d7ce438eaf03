"""Which programs a command looks at: of this machine, at addresses, or of a release."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from chat_local import run_file
from chat_local.kubectl import Kubectl, Pod, running
from chat_local.seen import Target, target
from chatcluster.runtime.lifecycle import StartError

NOBODY = (
    "no cluster runs on this machine: start one with `chatcluster run`, or name a "
    "gateway's admin server with --admin http://host:port"
)
AGAIN_SECONDS = 5.0  # between two looks which pods there are

Targets = Callable[[], Awaitable[Sequence[Target]]]


@dataclass(frozen=True, slots=True)
class Where:
    """Of the options `--admin`, `--release` and `--namespace`, what was given."""

    admins: Sequence[str] = ()
    release: str = ""
    namespace: str = ""

    def kubectl(self) -> Kubectl | None:
        return Kubectl(self.release, self.namespace) if self.release else None


@asynccontextmanager
async def targets(where: Where) -> AsyncIterator[Targets]:
    """What the body may call again and again: the programs that there are then. It raises
    StartError when there are none.
    """
    if where.admins and where.release:
        raise StartError("--admin and --release: one of them")
    if where.namespace and not where.release:
        raise StartError("--namespace: needs --release")
    if (kubectl := where.kubectl()) is not None:
        async with _Release(kubectl) as release:
            yield release.targets
    else:

        async def known() -> Sequence[Target]:
            return named(where.admins) if where.admins else ours()

        await known()
        yield known


def named(admins: Sequence[str]) -> list[Target]:
    """Those at *admins*. Raises StartError for one that is no address."""
    token = os.environ.get("CHAT_ADMIN_TOKEN", "")
    return [target(admin, token) for admin in admins]


def ours(*kinds: str) -> list[Target]:
    """Those of `chatcluster run` on this machine, of these *kinds* (none: all). Raises StartError
    if nothing runs.
    """
    runs = run_file.alive()
    if not runs:
        raise StartError(NOBODY)
    return [
        Target(program.admin, program.address, program.name, program.kind, run.token)
        for run in runs
        for program in run.programs
        if program.admin and (not kinds or program.kind in kinds)
    ]


class _Release:
    """Keeps a port-forward to each pod that runs."""

    def __init__(self, kubectl: Kubectl) -> None:
        self._kubectl = kubectl
        self._ways: dict[Pod, tuple[AsyncExitStack, str]] = {}
        self._token = ""
        self._looked = float("-inf")

    async def __aenter__(self) -> _Release:
        self._token = os.environ.get("CHAT_ADMIN_TOKEN") or await self._kubectl.admin_token()
        return self

    async def __aexit__(self, *_: object) -> None:
        for pod in list(self._ways):
            await self._close(pod)

    async def targets(self) -> Sequence[Target]:
        if time.monotonic() - self._looked > AGAIN_SECONDS:
            await self._look()
        return [
            Target(url, "", pod.name, pod.part, self._token) for pod, (_, url) in self._ways.items()
        ]

    async def _look(self) -> None:
        pods = running(await self._kubectl.pods())
        if not pods:
            raise StartError("no pod of that release runs (--release, --namespace)")
        for pod in self._ways.keys() - set(pods):
            await self._close(pod)
        for pod in pods:
            if pod not in self._ways:
                stack = AsyncExitStack()
                url = await stack.enter_async_context(self._kubectl.forwarded(pod))
                self._ways[pod] = stack, url
        self._looked = time.monotonic()

    async def _close(self, pod: Pod) -> None:
        stack, _ = self._ways.pop(pod)
        await stack.aclose()
