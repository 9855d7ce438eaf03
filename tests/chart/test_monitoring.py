"""Alerts and dashboard name only what the programs really tell Prometheus."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Iterator
from typing import Any

import promql_parser as promql
import pytest
from prometheus_client.parser import text_string_to_metric_families

from chat_operator.metrics import OperatorMetrics
from chatcluster.runtime.metrics import Metrics
from tests.chart.cases import everything, everything_by_helm
from tests.chart.chart import NAMESPACE, RELEASE, merged, one, render
from tests.gateways import Cluster, Program

pytestmark = pytest.mark.timeout(90)  # the first test waits for all programs to start

# What the PodMonitor's own settings add to each series.
LABELS = {"namespace", "job", "pod", "app_kubernetes_io_component"}
# Of our own labels, those by whose values alerts ask.
OURS = {"end", "reason", "taken"}
GRAFANA = {"$__rate_interval": "1m", "$namespace": "chat", "$job": "chat/talk"}


def samples(program: Program) -> set[str]:
    with urllib.request.urlopen(f"{program.admin}/metrics", timeout=5) as response:
        families = text_string_to_metric_families(response.read().decode())
        return {sample.name for family in families for sample in family.samples}


@pytest.fixture(scope="module")
def told(chatting: Cluster, working: Program) -> dict[str, set[str]]:
    """The names of what each program tells."""
    return {
        "gateway": samples(chatting.gateways[0]),
        "hub": samples(chatting.hubs[0]),
        "worker": samples(working),
        "operator": of_the_operator(),
    }


def of_the_operator() -> set[str]:
    """It needs a cluster to run, so its metrics are looked at where they are made."""
    metrics = Metrics()
    OperatorMetrics(metrics)
    return {sample.name for family in metrics.registry.collect() for sample in family.samples}


def selectors(expression: Any) -> Iterator[promql.VectorSelector]:
    """What an expression reads."""
    match expression:
        case promql.VectorSelector():
            yield expression
        case promql.MatrixSelector():
            yield expression.vector_selector
        case promql.BinaryExpr():
            yield from selectors(expression.lhs)
            yield from selectors(expression.rhs)
        case promql.AggregateExpr() | promql.ParenExpr() | promql.SubqueryExpr():
            yield from selectors(expression.expr)
        case promql.UnaryExpr():
            yield from selectors(expression.expr)
        case promql.Call():
            for argument in expression.args:
                yield from selectors(argument)


def rules() -> list[dict[str, Any]]:
    (group,) = one(render(everything("adapter")), "PrometheusRule", "")["spec"]["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def dashboard() -> dict[str, Any]:
    data = one(render(everything("adapter")), "ConfigMap", "dashboard")["data"]
    ((name, text),) = data.items()
    assert name.endswith(".json")
    shown: dict[str, Any] = json.loads(text)
    return shown


def expressions() -> Iterator[tuple[str, str]]:
    """All, with where each is."""
    for rule in rules():
        yield rule["alert"], rule["expr"]
    for panel in dashboard()["panels"]:
        for target in panel["targets"]:
            text = target["expr"]
            for variable, value in GRAFANA.items():
                text = text.replace(variable, value)
            yield panel["title"], text


def test_every_metric_exists_in_the_program_that_it_is_asked_of(told):
    for where, text in expressions():
        read = list(selectors(promql.parse(text)))
        assert read, where
        for selector in read:
            (part,) = [
                matcher.value
                for matcher in selector.matchers.matchers
                if matcher.name == "app_kubernetes_io_component"
            ] or [""]
            programs = [part] if part else list(told)
            assert all(selector.name in told[program] for program in programs), (where, text)


def test_only_labels_that_are_there_are_used():
    for where, text in expressions():
        for selector in selectors(promql.parse(text)):
            assert {matcher.name for matcher in selector.matchers.matchers} <= LABELS | OURS, where


def test_alerts_are_about_this_release_alone():
    for rule in rules():
        for selector in selectors(promql.parse(rule["expr"])):
            asked = {matcher.name: matcher.value for matcher in selector.matchers.matchers}
            assert asked["namespace"] == NAMESPACE
            assert asked["job"] == f"{NAMESPACE}/{RELEASE}-chatcluster"


def test_the_release_is_what_the_pod_monitor_calls_it():
    """Prometheus' operator makes the job's name of the PodMonitor's."""
    monitor = one(render(everything("adapter")), "PodMonitor", "")
    assert monitor["metadata"]["name"] == f"{RELEASE}-chatcluster"
    assert "jobLabel" not in monitor["spec"]
    assert monitor["spec"]["podTargetLabels"] == ["app.kubernetes.io/component"]


def test_alerts_say_what_is_wrong_and_how_bad_it_is():
    names = [rule["alert"] for rule in rules()]
    assert len(names) == len(set(names)) == 16
    for rule in rules():
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert rule["annotations"].keys() == {"summary", "description"}
        for label in re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]):
            assert label == "pod"


def test_alerts_on_workers_are_there_with_workers_only():
    isolated = merged(everything("isolated"), {"worker": {"enabled": False}})
    (group,) = one(render(isolated), "PrometheusRule", "")["spec"]["groups"]
    assert {rule["alert"] for rule in rules()} - {rule["alert"] for rule in group["rules"]} == {
        "ChatclusterJobsWaiting",
        "ChatclusterJobsGivenUp",
        "ChatclusterNoWorker",
    }


def test_alerts_on_the_operator_are_there_with_the_operator_only():
    (group,) = one(render(everything_by_helm("adapter")), "PrometheusRule", "")["spec"]["groups"]
    assert {rule["alert"] for rule in rules()} - {rule["alert"] for rule in group["rules"]} == {
        "ChatclusterOperatorDown",
        "ChatclusterOperatorStuck",
        "ChatclusterChangesCalledOff",
    }


def test_an_unknown_metric_and_a_broken_expression_are_found(told):
    (selector,) = selectors(promql.parse("sum(rate(chatcluster_messages[5m]))"))
    assert selector.name not in told["gateway"]  # the counter is called …_total
    with pytest.raises(ValueError, match="unclosed left parenthesis"):
        promql.parse("sum(rate(chatcluster_messages_total[5m])")


def test_the_dashboards_panels_do_not_overlap():
    taken: set[tuple[int, int]] = set()
    for panel in dashboard()["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24
        assert not cells & taken
        taken |= cells
