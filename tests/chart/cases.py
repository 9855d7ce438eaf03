"""The sets of values that manifests are looked at for."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chart.chart import merged

MODES = ("isolated", "hub", "postgres", "redis", "adapter")

# What each mode needs besides the defaults.
MODE: dict[str, dict[str, Any]] = {
    "isolated": {
        "cluster": {"fanout": {"mode": "isolated"}, "gateways": {"replicas": 1}},
        "history": {"store": "memory"},
        "valkey": {"enabled": False},
    },
    "hub": {"cluster": {"fanout": {"mode": "hub"}}},
    "postgres": {
        "cluster": {"fanout": {"mode": "postgres"}},
        "history": {"store": "postgres"},
        "postgres": {"bundled": {"enabled": True}},
        "valkey": {"enabled": False},
    },
    "redis": {"cluster": {"fanout": {"mode": "redis"}}},
    "adapter": {"cluster": {"fanout": {"mode": "adapter"}}},
}

# Everything is decided by helm, and a change of the mode replaces the gateways.
BY_HELM: dict[str, Any] = {"operator": {"enabled": False}}

_PLACEMENT = {
    "priorityClassName": "high",
    "nodeSelector": {"disk": "fast"},
    "tolerations": [{"key": "chat", "operator": "Exists", "effect": "NoSchedule"}],
    "affinity": {"nodeAffinity": {}},
}
_POD = {
    **_PLACEMENT,
    "podAnnotations": {"note": "yes"},
    "podLabels": {"tier": "front"},
    "extraEnv": [{"name": "TZ", "value": "UTC"}],
}
EVERYTHING: dict[str, Any] = {
    "commonLabels": {"team": "chat"},
    "image": {"digest": "sha256:" + "0" * 64},
    "imagePullSecrets": [{"name": "registry"}],
    "cluster": {
        "gateways": {"autoscale": {"min": 3, "max": 9, "connectionsPerGateway": 5000}},
        "drain": {"maxMovingPercent": 5},
        "rebalance": {"enabled": True},
        "paused": "ScaleIn",
        "fanout": {
            "acceptSplitUsers": True,
            "adapter": {"protocol": "streams", "maxLen": 1_000_000},
            "redis": {"prefix": "talk", "events": ["chat message", "typing"]},
            "postgres": {"keepSeconds": 3600},
            "hub": {"routes": {"/room": ["http://rooms:8100"]}},
        },
    },
    "settings": {"logLevel": "debug", "key": "talk"},
    "gateway": {
        **_POD,
        "settings": {"textLimit": 4096, "auth": "jwt", "authAudience": ["chat", "talk"]},
        "auth": {"existingSecret": "my-auth"},
        "service": {
            "type": "LoadBalancer",
            "nodePort": 30080,
            "loadBalancerSourceRanges": ["10.0.0.0/8"],
            "externalTrafficPolicy": "Local",
            "annotations": {"note": "yes"},
        },
        "podDisruptionBudget": {"minAvailable": "50%"},
    },
    "hub": {
        **_POD,
        "settings": {"broadcastLimit": 4096},
        "broadcast": {"enabled": True},
    },
    "worker": {**_POD, "enabled": True, "settings": {"moderationWords": ["fool", "twit"]}},
    "operator": {**_POD, "image": {"digest": "sha256:" + "1" * 64}, "logLevel": "debug"},
    "valkey": {
        **_PLACEMENT,
        "enabled": True,
        "tls": {"existingSecret": "valkey-tls"},
        "persistence": {"storageClassName": "fast"},
        "extraConfig": ["maxclients 20000"],
    },
    "postgres": {"bundled": {"enabled": True}},
    "history": {"store": "redis"},
    "ingress": {
        "enabled": True,
        "className": "nginx",
        "hosts": ["chat.example.org", "talk.example.org"],
        "tlsSecret": "chat-tls",
        "affinity": "nginx",
        "annotations": {"note": "yes"},
    },
    "httpRoute": {
        "enabled": True,
        "parentRefs": [{"name": "public", "namespace": "gateways"}],
        "hostnames": ["chat.example.org"],
        "sessionPersistence": True,
        "annotations": {"note": "yes"},
    },
    "networkPolicy": {
        "clients": [{"ipBlock": {"cidr": "10.0.0.0/8"}}],
        "broadcasters": [{"podSelector": {"matchLabels": {"app": "shop"}}}],
        "extraEgress": [{"ports": [{"port": 443}]}],
    },
    "serviceAccount": {"annotations": {"note": "yes"}},
    "monitoring": {
        "podMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
        "prometheusRule": {"enabled": True, "labels": {"release": "prometheus"}},
        "dashboard": {"enabled": True, "annotations": {"folder": "chat"}},
    },
}

# No server and no Secret of the release's own.
OUTSIDE: dict[str, Any] = {
    "cluster": {"fanout": {"mode": "postgres"}},
    "valkey": {"enabled": False},
    "redis": {"existingSecret": "my-redis", "tls": {"caSecret": "my-ca"}, "ports": [6380]},
    "postgres": {"existingSecret": "my-postgres", "listenKey": "direct", "ports": [6432]},
}
SECRETS: dict[str, Any] = {
    "admin": {"token": {"existingSecret": "my-admin"}},
    "valkey": {"auth": {"existingSecret": "my-valkey"}},
    "hub": {"token": {"existingSecret": "my-hub"}, "broadcast": {"existingSecret": "my-hub"}},
}


# What it is that only an operator does.
_LEFT_OUT = {
    "gateways": {"replicas": 3, "autoscale": None},
    "rebalance": {"enabled": False},
    "paused": "",
}


def everything(mode: str) -> dict[str, Any]:
    """Everything switched on in this mode."""
    return merged(EVERYTHING, {"cluster": {"fanout": {"mode": mode}}})


def everything_by_helm(mode: str) -> dict[str, Any]:
    """Everything that there is without an operator."""
    # A worker needs a mode by which it reaches the gateways.
    worker = {"worker": {"enabled": mode != "isolated"}}
    return merged(everything(mode), BY_HELM, {"cluster": _LEFT_OUT}, worker)


CASES: dict[str, dict[str, Any]] = {
    "defaults": {},
    **MODE,
    **{f"everything, {mode}": everything(mode) for mode in MODES},
    "by helm": BY_HELM,
    **{f"everything by helm, {mode}": everything_by_helm(mode) for mode in ("hub", "isolated")},
    "an operator of all": merged(everything("hub"), {"operator": {"clusterWide": True}}),
    "an operator elsewhere": {
        "operator": {"install": False},
        "networkPolicy": {"operator": [{"namespaceSelector": {"matchLabels": {"team": "chat"}}}]},
    },
    "scaled by somebody else": {"cluster": {"gateways": {"external": True}}},
    "servers outside": OUTSIDE,
    "history in Postgres outside": merged(OUTSIDE, {"history": {"store": "postgres"}}),
    "nothing is kept": {
        "valkey": {"persistence": {"enabled": False}},
        "postgres": {"bundled": {"enabled": True, "persistence": {"enabled": False}}},
    },
    "tokens of an issuer that publishes its keys": {
        "gateway": {"settings": {"auth": "jwt", "authJwksUrl": "https://id.example.org/jwks"}}
    },
    "a hook": {
        "gateway": {
            "settings": {"auth": "hook", "authHookUrl": "https://example.org/chat"},
            "auth": {"existingSecret": "my-auth"},
        }
    },
    "few guards": {
        "networkPolicy": {"enabled": False},
        "serviceAccount": {"create": False},
        "gateway": {"podDisruptionBudget": {"enabled": False}, "service": {"type": "NodePort"}},
    },
}

every_case = pytest.mark.parametrize("values", CASES.values(), ids=CASES)
