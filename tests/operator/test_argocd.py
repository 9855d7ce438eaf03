"""Argo CD's health check, run by the Lua of a Valkey: the same language as Argo CD's (5.1)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from chat_operator.conditions import status_of
from chat_operator.plan import plan
from chat_operator.status import Memory, Status, as_json
from chat_operator.view import View
from tests.operator.views import NOW, pod, spec, view
from tests.servers import Valkey

HEALTH = (Path(__file__).parents[2] / "docs" / "argocd-health.lua").read_text()
SCRIPT = f"""
local obj = cjson.decode(ARGV[1])
local function check() {HEALTH} end
return cjson.encode(check())
"""


@pytest.fixture
def lua(valkey: Valkey) -> Iterator[Redis]:
    with Redis.from_url(valkey.url) as client:
        yield client


def _resource(seen: View, generation: int = 1) -> dict[str, Any]:
    status = status_of(seen, plan(seen, Memory(), NOW), Status(), NOW)
    return {"metadata": {"generation": generation}, "status": as_json(status)}


A, B = pod("a", 5), pod("b", 7)
CASES: dict[str, tuple[dict[str, Any], str]] = {
    "all is well": (_resource(view(A, B)), "Healthy"),
    "nobody has looked": ({"metadata": {"generation": 1}}, "Progressing"),
    "a newer spec": (_resource(view(A, B), generation=2), "Progressing"),
    "more are to come": (_resource(view(A, spec=spec(gateways={"replicas": 2}))), "Progressing"),
    "one is to leave": (_resource(view(A, B, spec=spec(gateways={"replicas": 1}))), "Healthy"),
    "one does not answer": (_resource(view(A, pod("b", None))), "Degraded"),
    "paused": (_resource(view(A, B, spec=spec(paused="All"))), "Suspended"),
    "scale-in is paused": (_resource(view(A, B, spec=spec(paused="ScaleIn"))), "Healthy"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_health_is(lua: Redis, case: tuple[dict[str, Any], str]) -> None:
    resource, health = case
    answer = json.loads(lua.eval(SCRIPT, 0, json.dumps(resource)))
    assert answer["status"] == health
    assert answer["message"]
