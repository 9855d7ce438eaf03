"""An API server with objects and nothing behind it, for tests that cannot have a real one: merge,
JSON and apply patches without field owners, `/scale`, `/status`, resource versions, selectors.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from kubernetes.aio.client.api_client import ApiClient
from kubernetes.aio.client.configuration import Configuration

from chat_operator.cluster import Cluster
from chatcluster.runtime.metrics import Metrics
from tests.servers import free_port

Path = tuple[str, str, str]  # kind, namespace, name


class FakeApi:
    """`asked`: what came, as `METHOD path`. `refuse`: answers all requests with that status."""

    def __init__(self) -> None:
        self.objects: dict[Path, dict[str, Any]] = {}
        self.asked: list[str] = []
        self.bodies: list[Any] = []
        self.refuse = 0
        self.page = 500
        self._versions = itertools.count(1)

    def put(self, kind: str, name: str, body: dict[str, Any], namespace: str = "chat") -> None:
        """There is such an object from now on."""
        meta = {"uid": f"uid of {name}", "generation": 1, **body.get("metadata", {})}
        meta |= {"name": name, "namespace": namespace}
        self._store((kind, namespace, name), {**body, "metadata": meta})

    def get(self, kind: str, name: str, namespace: str = "chat") -> dict[str, Any]:
        return self.objects[kind, namespace, name]

    def delete(self, kind: str, name: str, namespace: str = "chat") -> None:
        del self.objects[kind, namespace, name]

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [body for path, body in self.objects.items() if path[0] == kind]

    @property
    def writes(self) -> list[str]:
        return [one for one in self.asked if not one.startswith("GET")]

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        port = free_port()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        parts = request.path.strip("/").split("/")
        rest = parts[2:] if parts[0] == "api" else parts[3:]
        namespace = ""
        if rest[0] == "namespaces":
            namespace, rest = rest[1], rest[2:]
        kind, name, sub = (*rest, "", "")[:3]
        body: Any = await request.json() if request.can_read_body else None
        self.asked.append(
            f"{request.method} {'/'.join(part for part in (kind, name, sub) if part)}"
        )
        self.bodies.append(body)
        if self.refuse:
            return _refused(self.refuse, "told to refuse")
        match request.method:
            case "GET" if not name:
                return self._list(request, kind, namespace)
            case "GET":
                return self._got((kind, namespace, name))
            case "POST":
                given = body["metadata"].get("name") or f"{kind}-{next(self._versions)}"
                self.put(kind, given, body, namespace)
                return self._got((kind, namespace, given))
            case "PUT":
                return self._replace((kind, namespace, name), body)
            case _:
                return self._patch(request, (kind, namespace, name), sub, body)

    def _list(self, request: web.Request, kind: str, namespace: str) -> web.Response:
        wanted = dict(
            one.split("=") for one in request.query.get("labelSelector", "").split(",") if one
        )
        found = [
            body
            for (its_kind, its_namespace, _), body in self.objects.items()
            if its_kind == kind
            and namespace in ("", its_namespace)
            and wanted.items() <= body["metadata"].get("labels", {}).items()
        ]
        start = int(request.query.get("continue", 0))
        end = start + min(self.page, int(request.query["limit"]))
        meta = {"continue": str(end)} if end < len(found) else {}
        return web.json_response({"items": found[start:end], "metadata": meta})

    def _got(self, path: Path) -> web.Response:
        if path not in self.objects:
            return _refused(404, f"{path[0]} {path[2]} not found")
        return web.json_response(self.objects[path])

    def _replace(self, path: Path, body: dict[str, Any]) -> web.Response:
        if path not in self.objects:
            return self._got(path)
        before = self.objects[path]["metadata"]["resourceVersion"]
        if body["metadata"].get("resourceVersion", before) != before:
            return _refused(409, "the object has been modified")
        self._store(path, body)
        return self._got(path)

    def _patch(self, request: web.Request, path: Path, sub: str, body: Any) -> web.Response:
        if path not in self.objects:
            return self._got(path)
        changed = copy.deepcopy(self.objects[path])
        if isinstance(body, list):
            test, replace = body
            if changed["spec"].get("replicas", 1) != test["value"]:
                return _refused(422, "the test failed")
            changed["spec"]["replicas"] = replace["value"]
        elif sub == "status":
            changed["status"] = body["status"]
        else:
            _merge(changed, body)
        self._store(path, changed)
        return self._got(path)

    def _store(self, path: Path, body: dict[str, Any]) -> None:
        body["metadata"]["resourceVersion"] = str(next(self._versions))
        self.objects[path] = body


@asynccontextmanager
async def client_of(url: str, metrics: Metrics) -> AsyncIterator[Cluster]:
    client = ApiClient(Configuration(host=url))
    try:
        yield Cluster(client, metrics)
    finally:
        await client.close()


def _merge(into: dict[str, Any], patch: dict[str, Any]) -> None:
    """RFC 7396."""
    for key, value in patch.items():
        if value is None:
            into.pop(key, None)
        elif isinstance(value, dict):
            _merge(into.setdefault(key, {}), value)
        else:
            into[key] = value


def _refused(status: int, sentence: str) -> web.Response:
    return web.json_response({"kind": "Status", "message": sentence}, status=status)
