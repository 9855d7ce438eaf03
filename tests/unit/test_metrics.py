"""Metrics have our prefix and labels of closed sets."""

from __future__ import annotations

import pytest
from prometheus_client import generate_latest

from chatcluster.runtime.metrics import Metrics


def written(metrics):
    return generate_latest(metrics.registry).decode()


def test_names_begin_with_ours():
    metrics = Metrics()
    metrics.counter("messages", "Messages taken.").inc()
    assert "chatcluster_messages_total 1.0" in written(metrics)


def test_each_value_of_a_label_is_there_from_the_start():
    metrics = Metrics()
    metrics.counters("refusals", "Refusals.", label="code", values=("slow", "invalid"))[
        "slow"
    ].inc()
    assert 'chatcluster_refusals_total{code="slow"} 1.0' in written(metrics)
    assert 'chatcluster_refusals_total{code="invalid"} 0.0' in written(metrics)


def test_another_value_of_a_label_is_a_mistake():
    gauges = Metrics().gauges("sockets", "Sockets.", label="transport", values=("websocket",))
    with pytest.raises(KeyError):
        gauges["what a user wrote"].set(1)


def test_a_gauge_can_be_read_when_it_is_asked_for():
    metrics = Metrics()
    clients = [1, 2]
    metrics.gauge("connections", "Connections.", read=lambda: len(clients))
    clients.append(3)
    assert "chatcluster_connections 3.0" in written(metrics)


def test_a_histogram_has_the_buckets_that_it_was_given():
    metrics = Metrics()
    metrics.histogram("ack_seconds", "Until stored.", buckets=(0.1, 1)).observe(0.5)
    assert 'chatcluster_ack_seconds_bucket{le="0.1"} 0.0' in written(metrics)
    assert 'chatcluster_ack_seconds_bucket{le="1.0"} 1.0' in written(metrics)


def test_what_the_process_needs_can_be_included():
    metrics = Metrics()
    metrics.about_this_process()
    assert "process_resident_memory_bytes" in written(metrics)
