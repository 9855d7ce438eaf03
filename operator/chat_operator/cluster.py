"""The Kubernetes API, as far as the operator uses it. Objects are as the API has them, in JSON.

Writes name their field manager and touch only the operator's own fields: replicas of the chat's
workloads (`/scale`), two annotations of gateways' pods, one key of the fan-out's ConfigMap, the
ChatCluster's status, and Events.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from os.path import exists
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

import aiohttp
import orjson
from kubernetes.aio.client.api_client import ApiClient
from kubernetes.aio.client.configuration import Configuration
from kubernetes.aio.config import ConfigException, load_incluster_config, load_kube_config
from kubernetes.aio.config.incluster_config import SERVICE_TOKEN_FILENAME

from chat_operator.spec import GROUP, PLURAL, VERSION
from chatcluster.core.errors import ChatClusterError
from chatcluster.runtime.lifecycle import StartError
from chatcluster.runtime.metrics import Metrics

MANAGER = "chatcluster-operator"
SECONDS = 10.0  # for one request
CONNECTIONS = 20

Object = dict[str, Any]


class ApiError(ChatClusterError):
    """The API server refuses (`status`), or does not answer (0); a sentence for people."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class Kind(NamedTuple):
    """Where objects are: the part of the path before the namespace, and their name in it."""

    root: str
    plural: str


PODS = Kind("/api/v1", "pods")
CONFIG_MAPS = Kind("/api/v1", "configmaps")
SECRETS = Kind("/api/v1", "secrets")
EVENTS = Kind("/api/v1", "events")
DEPLOYMENTS = Kind("/apis/apps/v1", "deployments")
STATEFUL_SETS = Kind("/apis/apps/v1", "statefulsets")
LEASES = Kind("/apis/coordination.k8s.io/v1", "leases")
CHAT_CLUSTERS = Kind(f"/apis/{GROUP}/{VERSION}", PLURAL)

_MERGE = "application/merge-patch+json"
_JSON = "application/json-patch+json"
_APPLY = "application/apply-patch+yaml"


class Cluster:
    """The API server that *client* knows; all methods raise ApiError."""

    def __init__(self, client: ApiClient, metrics: Metrics) -> None:
        self.client = client
        self._requests = metrics.counters(
            "operator_api_requests",
            "Requests to the API server.",
            label="result",
            values=("ok", "refused", "no answer"),
        )

    async def get(self, kind: Kind, namespace: str, name: str) -> Object | None:
        """None if there is none."""
        try:
            return await self.request("GET", _path(kind, namespace, name))
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    async def list(self, kind: Kind, namespace: str, selector: str = "") -> list[Object]:
        """Those that *selector* matches, of one namespace ("": of all)."""
        found: list[Object] = []
        query = {"limit": "500", **({"labelSelector": selector} if selector else {})}
        while True:
            answer = await self.request("GET", _path(kind, namespace), query=query)
            found += answer["items"]
            if not (more := answer["metadata"].get("continue")):
                return found
            query["continue"] = more

    async def create(self, kind: Kind, namespace: str, body: Object) -> None:
        await self.request("POST", _path(kind, namespace), body=body, query=_MANAGED)

    async def replace(self, kind: Kind, namespace: str, name: str, body: Object) -> None:
        """As a whole; ApiError 409 if it is not the version of *body* any more."""
        await self.request("PUT", _path(kind, namespace, name), body=body, query=_MANAGED)

    async def merge(self, kind: Kind, namespace: str, name: str, body: Object) -> None:
        path = _path(kind, namespace, name)
        await self.request("PATCH", path, body=body, query=_MANAGED, content=_MERGE)

    async def apply(
        self, kind: Kind, namespace: str, name: str, body: Object, *, subresource: str = ""
    ) -> None:
        """Server-side: what *body* has is the operator's from now on, and what it had before and
        has no more is removed.
        """
        path = _path(kind, namespace, name, subresource)
        query = {**_MANAGED, "force": "true"}
        await self.request("PATCH", path, body=body, query=query, content=_APPLY)

    async def scale(
        self, kind: Kind, namespace: str, name: str, replicas: int, *, was: int | None = None
    ) -> None:
        """Set `/scale`, where *was* is given: only if it is still that (ApiError 422 if not)."""
        path = _path(kind, namespace, name, "scale")
        if was:
            at = "/spec/replicas"
            body: Any = [
                {"op": "test", "path": at, "value": was},
                {"op": "replace", "path": at, "value": replicas},
            ]
            await self.request("PATCH", path, body=body, query=_MANAGED, content=_JSON)
        else:  # a zero is left out of the object, and so cannot be tested
            body = {"spec": {"replicas": replicas}}
            await self.request("PATCH", path, body=body, query=_MANAGED, content=_MERGE)

    async def request(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        query: Mapping[str, str] | None = None,
        content: str = "application/json",
    ) -> Object:
        """One request; the object that it is answered with."""
        serialized = await self.client.param_serialize(
            method,
            f"{path}?{urlencode(query)}" if query else path,
            header_params={"Accept": "application/json", "Content-Type": content},
            body=body,
            auth_settings=["BearerToken"],
        )
        try:
            response = await self.client.call_api(
                *serialized, _request_timeout=aiohttp.ClientTimeout(total=SECONDS)
            )
            text = await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            self._requests["no answer"].inc()
            raise ApiError(0, f"{method} {path}: {error or type(error).__name__}") from error
        if not 200 <= response.status <= 299:
            self._requests["refused"].inc()
            raise ApiError(response.status, f"{method} {path}: {_told(response.status, text)}")
        self._requests["ok"].inc()
        answer: Object = orjson.loads(text)
        return answer


@asynccontextmanager
async def connected(metrics: Metrics) -> AsyncIterator[Cluster]:
    """The cluster that this pod runs in or, elsewhere, that KUBECONFIG names. Raises StartError
    when there is neither.
    """
    configuration = Configuration()
    configuration.connection_pool_maxsize = CONNECTIONS
    try:
        if _in_pod():
            load_incluster_config(client_configuration=configuration)
        else:
            await load_kube_config(client_configuration=configuration)
    except ConfigException as error:
        raise StartError(f"no cluster: {error} (KUBECONFIG)") from error
    client = ApiClient(configuration)
    try:
        yield Cluster(client, metrics)
    finally:
        await client.close()


def _in_pod() -> bool:
    return exists(SERVICE_TOKEN_FILENAME)


def selector_text(selector: Mapping[str, Any]) -> str:
    """A LabelSelector as queries and `/scale` have it."""
    parts = [f"{key}={value}" for key, value in sorted(selector.get("matchLabels", {}).items())]
    for one in selector.get("matchExpressions", ()):
        key, values = one["key"], ",".join(one.get("values", ()))
        match one["operator"]:
            case "In":
                parts.append(f"{key} in ({values})")
            case "NotIn":
                parts.append(f"{key} notin ({values})")
            case "Exists":
                parts.append(key)
            case "DoesNotExist":
                parts.append(f"!{key}")
    return ",".join(parts)


_MANAGED = {"fieldManager": MANAGER}


def _path(kind: Kind, namespace: str, name: str = "", subresource: str = "") -> str:
    parts: Sequence[str] = (f"namespaces/{namespace}" if namespace else "", kind.plural)
    tail = [quote(part) for part in (name, subresource) if part]
    return "/".join([kind.root, *(part for part in parts if part), *tail])


def _told(status: int, body: bytes) -> str:
    """What the API server says of a refusal."""
    try:
        return str(orjson.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return f"status {status}"
