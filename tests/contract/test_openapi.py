"""What docs/openapi/ promises of the APIs of gateways and hubs is what they do."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any
from unittest.mock import Mock

import pytest
import schemathesis
import yaml
from aiohttp import web
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import positive_data_acceptance

from chat_gateway.main import admin_routes
from chat_hub.broadcaster import Broadcaster
from chat_hub.door import Door
from chat_hub.server import HubServer
from chat_hub.services import Services
from chatcluster.runtime.admin import AdminServer
from chatcluster.runtime.metrics import Metrics
from tests.contract.openapi_files import ADMIN, HUB
from tests.gateways import TOKEN, Cluster, Program

admin_schema = schemathesis.openapi.from_path(ADMIN)
hub_schema = schemathesis.openapi.from_path(HUB)
quickly = settings(
    max_examples=10,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
_METHODS = {"get", "put", "post", "delete", "patch"}


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A hub that takes broadcasts, and a gateway that asks for a token."""
    folder = tmp_path_factory.mktemp("openapi")
    variables: dict[str, Any] = {"history": "off", "admin_token": TOKEN}
    cluster = Cluster(folder, "redis://127.0.0.1:1", "hub", 1, **variables)
    with cluster.running():
        yield cluster


@pytest.fixture(scope="module")
def gateway(programs: Cluster) -> Program:
    return programs.gateways[0]


@pytest.fixture(scope="module")
def hub(programs: Cluster) -> Program:
    return programs.hubs[0]


def documented(path: os.PathLike[str]) -> set[tuple[str, str]]:
    with open(path) as file:
        paths = yaml.safe_load(file)["paths"]
    return {(where, method) for where, item in paths.items() for method in item} & {
        (where, method) for where in paths for method in _METHODS
    }


def served(app: web.Application) -> set[tuple[str, str]]:
    """Besides HEAD, which every GET brings along."""
    return {
        (route.resource.canonical, route.method.lower())
        for route in app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }


def test_every_route_of_the_admin_server_is_documented_and_no_other():
    part = Mock()
    server = AdminServer(
        "127.0.0.1",
        0,
        ready=list,
        stats=dict,
        registry=Metrics().registry,
        routes=admin_routes(part, part, part, part, token=""),
    )
    assert served(server._app) == documented(ADMIN)


def test_every_route_of_a_hub_is_documented_and_no_other():
    hub = HubServer("127.0.0.1", 0)
    broadcaster = Broadcaster("hub", gateways=lambda: 0, limit=1024)
    Services(Door("x"), broadcaster, limit=1024).attach(hub.app, hub.sockets)
    # It answers all methods, and says which one is right.
    assert served(hub.app) == {("/broadcast", "*")}
    assert documented(HUB) == {("/broadcast", "post")}


@admin_schema.parametrize()
@quickly
def test_a_gateways_admin_server_does_what_is_documented(case: Any, gateway: Program) -> None:
    case.call_and_validate(
        base_url=gateway.admin, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=20
    )


@hub_schema.parametrize()
@quickly
def test_a_hub_does_what_is_documented(case: Any, hub: Program) -> None:
    response = case.call(base_url=hub.url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=20)
    assert response.status_code != 500
    # What has a key that was used for something else is refused, and no schema can say so; and a
    # machine that has much else to do makes a hub say that it cannot be reached.
    case.validate_response(response, excluded_checks=[positive_data_acceptance, not_a_server_error])
