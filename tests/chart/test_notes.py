"""What helm says after an install fits what was chosen."""

from __future__ import annotations

import pytest

from tests.chart.cases import BY_HELM, CASES, MODE, OUTSIDE, everything
from tests.chart.chart import CHART, NAMESPACE, RELEASE, helm, merged


def notes(values) -> str:
    done = helm(
        *("install", RELEASE, str(CHART), "--namespace", NAMESPACE, "--dry-run=client"),
        values=values,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.partition("NOTES:\n")[2]


INGRESS = {"ingress": {"enabled": True, "hosts": ["chat.example.org"]}}
TOKENS = {"gateway": {"settings": {"auth": "jwt"}, "auth": {"existingSecret": "my-auth"}}}

SAID = {
    "the defaults": (
        {},
        [
            "2 gateways, mode adapter, history redis.",
            "kubectl -n chat port-forward service/talk-chatcluster-gateway 8000:80",
            "helm -n chat test talk --logs",
            "chatcluster doctor --release talk --namespace chat",
        ],
        ["Before you rely on it", "nothing uses it", "is let in"],
    ),
    "an operator": (
        {},
        [
            "kubectl -n chat get chatcluster talk-chatcluster",
            "helm -n chat upgrade talk CHART --reuse-values --set cluster.fanout.mode=hub",
        ],
        ["autoscaler", "paused", "kubectl apply"],
    ),
    "no operator": (BY_HELM, ["2 gateways, mode adapter, history redis."], ["operator", "upgrade"]),
    "somebody else scales": (
        {"cluster": {"gateways": {"external": True}, "paused": "ScaleIn"}},
        [
            "As many gateways as an autoscaler says, mode adapter",
            "Point the autoscaler at ChatCluster/talk-chatcluster",
            "The operator is paused (cluster.paused: ScaleIn).",
        ],
        [],
    ),
    "an operator elsewhere": (
        merged(CASES["an operator elsewhere"], {"operator": {"crdUpgrade": {"enabled": False}}}),
        ["This release brings no operator", "kubectl apply --server-side -f CHART/crds/"],
        [],
    ),
    "a single gateway": (
        MODE["isolated"],
        ["1 gateway, mode isolated", "history.store is memory: messages are not kept beyond"],
        ["do not see each other"],
    ),
    "split users": (
        merged(everything("isolated"), {"ingress": {"affinity": "none"}}),
        ["Users on different gateways do not see each other in mode isolated, as you accepted."],
        [],
    ),
    "an Ingress without affinity": (
        INGRESS,
        ["http://chat.example.org/", 'transports: ["websocket"]', "ingress.affinity"],
        ["port-forward"],
    ),
    "an open door to the world": (
        INGRESS,
        ["Everybody who reaches it is let in, under any name: see gateway.settings.auth."],
        ["in the clear"],
    ),
    "tokens without TLS": (
        merged(INGRESS, TOKENS),
        ["may do it in the clear: ingress.tlsSecret is empty"],
        ["is let in"],
    ),
    "tokens with TLS": (
        merged(INGRESS, TOKENS, {"ingress": {"tlsSecret": "chat-tls"}}),
        ["https://chat.example.org/"],
        ["in the clear", "is let in"],
    ),
    "everything": (
        everything("hub"),
        [
            "3 to 9 gateways, by their clients, mode hub",
            "https://chat.example.org/",
            "POST to http://talk-chatcluster-hub.chat:8100/broadcast",
            "get secret talk-chatcluster-hub-tokens",
            "Prometheus is let in from",
        ],
        ["transports:"],
    ),
    "a Valkey for nothing": (
        merged(MODE["postgres"], {"valkey": {"enabled": True}}),
        ["nothing uses it with these values: valkey.enabled may be false"],
        [],
    ),
    "a bundled Postgres": (MODE["postgres"], ["postgres.bundled is for trying out"], []),
    "a forgetful Valkey": (
        {"valkey": {"persistence": {"enabled": False}}},
        ["what is stored ends with Valkey's pod"],
        [],
    ),
    "a lazy Valkey": (
        {"valkey": {"appendfsync": "everysec"}},
        ["valkey.appendfsync is everysec: a node that crashes takes acknowledged messages"],
        [],
    ),
    "servers outside": (OUTSIDE, ["mode postgres, history redis"], ["Before you rely on it"]),
    "broadcasts without hubs": (
        {"hub": {"broadcast": {"enabled": True}}},
        ["hub.broadcast.enabled does nothing in mode adapter"],
        [],
    ),
    "a load balancer": (
        {"gateway": {"service": {"type": "LoadBalancer"}}},
        ["get service talk-chatcluster-gateway -o jsonpath='{.status.loadBalancer.ingress[0]}'"],
        ["port-forward"],
    ),
    "node ports": (
        {"gateway": {"service": {"type": "NodePort"}}},
        ["get service talk-chatcluster-gateway -o jsonpath='{.spec.ports[0].nodePort}'"],
        [],
    ),
}


@pytest.mark.parametrize(("values", "said", "unsaid"), SAID.values(), ids=SAID)
def test_the_notes_say_what_to_do_next(values, said, unsaid):
    text = notes(values)
    for sentence in said:
        assert sentence in text
    for sentence in unsaid:
        assert sentence not in text
