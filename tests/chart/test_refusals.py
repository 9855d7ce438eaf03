"""Values that would hurt somebody are refused, each with a sentence."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chart.cases import BY_HELM, MODE, OUTSIDE
from tests.chart.chart import RefusedError, merged, render

ONE = {"cluster": {"gateways": {"replicas": 1}}}
ISOLATED = {"cluster": {"fanout": {"mode": "isolated"}}}
AUTOSCALE = {"max": 4, "connectionsPerGateway": 1000}


def budget(**values: Any) -> dict[str, Any]:
    return {"gateway": {"podDisruptionBudget": values}}


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "grace shorter than the drain": (
        {"gateway": {"terminationGracePeriodSeconds": 44}},
        "gateway.terminationGracePeriodSeconds is 44, and gateway.leaving needs 45: gateways would"
        " be killed with clients still connected",
    ),
    "isolated with several gateways": (
        ISOLATED,
        "cluster.fanout.mode is isolated, with 2 gateways: their users would not see each other",
    ),
    "a rollout that cannot begin": (
        {"gateway": {"rollout": {"maxSurge": "0%", "maxUnavailable": 0}}},
        "gateway.rollout: maxSurge and maxUnavailable are both 0",
    ),
    "a budget of nothing": (
        budget(maxUnavailable=0),
        "gateway.podDisruptionBudget.maxUnavailable has to be at least 1",
    ),
    "a budget of 0 %": (
        budget(maxUnavailable="0%"),
        "gateway.podDisruptionBudget.maxUnavailable has to be at least 1",
    ),
    "a budget that keeps all": (
        budget(minAvailable=2),
        "gateway.podDisruptionBudget.minAvailable is 2 of 2 gateways: no node with one could be",
    ),
    "a budget that keeps all by rounding": (
        budget(minAvailable="51%"),
        "gateway.podDisruptionBudget.minAvailable is 51% of 2 gateways",
    ),
    "a budget that keeps the only one": (
        merged(ONE, budget(minAvailable=1)),
        "gateway.podDisruptionBudget.minAvailable is 1 of 1 gateways",
    ),
    "a budget of no hub": (
        {"hub": {"podDisruptionBudget": {"maxUnavailable": 0}}},
        "hub.podDisruptionBudget.maxUnavailable has to be at least 1",
    ),
    "hub without hubs": (
        merged(MODE["hub"], {"hub": {"replicas": 0}}),
        "cluster.fanout.mode is hub, and hub.replicas is 0: there has to be a hub",
    ),
    "adapter without Redis": (
        {"valkey": {"enabled": False}},
        "mode adapter, history redis: there has to be a Redis (valkey.enabled, or",
    ),
    "workers without Redis": (
        merged(MODE["postgres"], {"worker": {"enabled": True}}),
        "mode postgres, history postgres, workers: there has to be a Redis",
    ),
    "postgres without Postgres": (
        {"cluster": {"fanout": {"mode": "postgres"}}},
        "mode postgres, history redis: there has to be a Postgres (postgres.existingSecret with",
    ),
    "history without its Postgres": (
        {"history": {"store": "postgres"}},
        "mode adapter, history postgres: there has to be a Postgres",
    ),
    "two Redis": (
        {"redis": {"existingSecret": "mine"}},
        "valkey.enabled and redis.existingSecret: choose one of them",
    ),
    "the certificate of another Redis": (
        {"redis": {"tls": {"caSecret": "mine"}}},
        "redis.tls.caSecret is for a Redis of yours",
    ),
    "two Postgres": (
        merged(OUTSIDE, {"postgres": {"bundled": {"enabled": True}}}),
        "postgres.bundled.enabled and postgres.existingSecret: choose one of them",
    ),
    "memory with several gateways": (
        {"history": {"store": "memory"}},
        "history.store is memory, with 2 gateways: each would number and keep messages for itself",
    ),
    "memory with a carrier": (
        merged(ONE, {"history": {"store": "memory"}}),
        "history.store is memory, which is kept inside one gateway: mode adapter needs",
    ),
    "workers that nobody hears": (
        merged(ONE, ISOLATED, BY_HELM, {"worker": {"enabled": True}}),
        "worker.enabled: a worker answers by the gateways' fan-out, so the mode may not be",
    ),
    "workers without a log": (
        {"worker": {"enabled": True}, "history": {"store": "off"}},
        "worker.enabled: a worker answers into the room log, so history.store may not be off",
    ),
    "scaling that nobody does": (
        merged(BY_HELM, {"cluster": {"gateways": {"autoscale": AUTOSCALE}}}),
        "cluster.gateways.autoscale: it is the operator that does it, and operator.enabled is",
    ),
    "a pause of nothing": (
        merged(BY_HELM, {"cluster": {"paused": "All"}}),
        "cluster.paused: it is the operator that does it, and operator.enabled is false",
    ),
    "two who scale": (
        {"cluster": {"gateways": {"autoscale": AUTOSCALE, "external": True}}},
        "cluster.gateways.autoscale and cluster.gateways.external: choose one of them",
    ),
    "nobody who scales": (
        {"cluster": {"gateways": {"replicas": None}}},
        "cluster.gateways: give one of replicas, autoscale and external",
    ),
    "fewer at most than at least": (
        {"cluster": {"gateways": {"autoscale": {**AUTOSCALE, "min": 5}}}},
        "cluster.gateways.autoscale: max is 4, which is less than min, 5",
    ),
    "an operator that cannot come in": (
        {"operator": {"install": False}},
        "operator.install is false: networkPolicy.operator has to say where the operator is",
    ),
    "an Ingress for nothing": (
        {"ingress": {"enabled": True}},
        "ingress.enabled: ingress.hosts has to name at least one host",
    ),
    "a route from nowhere": (
        {"httpRoute": {"enabled": True}},
        "httpRoute.enabled: httpRoute.parentRefs has to name a Gateway",
    ),
    "alerts on nothing": (
        {"monitoring": {"prometheusRule": {"enabled": True}}},
        "monitoring.prometheusRule.enabled: its alerts read what monitoring.podMonitor brings",
    ),
    "a door that is not one": (
        {"gateway": {"service": {"loadBalancerSourceRanges": ["10.0.0.0/8"]}}},
        "gateway.service.loadBalancerSourceRanges: for type LoadBalancer only",
    ),
    "a variable behind the chart's back": (
        {"worker": {"extraEnv": [{"name": "CHAT_MODE", "value": "hub"}]}},
        "worker.extraEnv: CHAT_MODE is decided by other values of this chart",
    ),
}


def flat(error: RefusedError) -> str:
    return " ".join(str(error).split())


@pytest.mark.parametrize(("values", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_would_hurt_is_refused_with_a_sentence(values, sentence):
    with pytest.raises(RefusedError) as refused:
        render(values)
    assert sentence in flat(refused.value)


def test_everything_that_is_wrong_is_said_at_once():
    wrong = [REFUSED[name] for name in ("grace shorter than the drain", "hub without hubs")]
    with pytest.raises(RefusedError) as refused:
        render(merged(*(values for values, _ in wrong)))
    assert all(sentence in flat(refused.value) for _, sentence in wrong)


ALLOWED: dict[str, dict[str, Any]] = {
    "workers that rest in mode isolated": merged(ONE, ISOLATED, {"worker": {"enabled": True}}),
    "scaled by the clients": {"cluster": {"gateways": {"autoscale": AUTOSCALE}}},
    "a grace that is long enough": {"gateway": {"terminationGracePeriodSeconds": 45}},
    "split users that were accepted": merged(
        ISOLATED, {"cluster": {"fanout": {"acceptSplitUsers": True}}}
    ),
    "a budget that lets one go": budget(minAvailable=1),
    "a budget of half": budget(minAvailable="50%"),
    "a single gateway that may go": merged(ONE, budget(maxUnavailable=1)),
    "no budget at all": budget(enabled=False, maxUnavailable=0),
    "a single gateway that remembers": MODE["isolated"],
    "hub mode that keeps nothing": merged(
        MODE["hub"], {"history": {"store": "off"}, "valkey": {"enabled": False}}
    ),
}


@pytest.mark.parametrize("values", ALLOWED.values(), ids=ALLOWED)
def test_what_comes_close_is_taken(values):
    assert render(values)
