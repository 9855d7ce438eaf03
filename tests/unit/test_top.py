"""What `chatcluster top` reads from metrics, and how it shows it."""

from __future__ import annotations

import pytest
from rich.console import Console

from chat_local.seen import Target
from chat_local.top.reading import Look, Looks, Metrics
from chat_local.top.table import rows, view

GATEWAY = Target("http://127.0.0.1:9000", "", "gateway-1", "gateway")


def metrics(**changes: float) -> str:
    values = {
        "process_start_time_seconds": 1.0,
        "process_cpu_seconds_total": 5.0,
        "process_resident_memory_bytes": 80e6,
        "chatcluster_ready": 1,
        "chatcluster_connections": 40,
        "chatcluster_rooms": 3,
        "chatcluster_messages_total": 100,
        "chatcluster_deliveries_total": 4000,
        "chatcluster_sent_bytes_total": 100_000,
        "chatcluster_fanout_up": 1,
        "chatcluster_fanout_epoch": 0,
        "chatcluster_outbox_envelopes": 0,
        "chatcluster_clients_behind": 0,
        'chatcluster_fanout_mode{mode="hub"}': 0,
        'chatcluster_fanout_mode{mode="adapter"}': 1,
        'chatcluster_fanout_change{phase="steady"}': 1,
        'chatcluster_refused_total{code="invalid"}': 2,
        'chatcluster_refused_total{code="slow"}': 1,
        'chatcluster_delivery_seconds_bucket{taken="here",le="0.005"}': 90,
        'chatcluster_delivery_seconds_bucket{taken="here",le="0.01"}': 99,
        'chatcluster_delivery_seconds_bucket{taken="here",le="+Inf"}': 100,
    } | changes
    return "".join(f"{name} {value}\n" for name, value in values.items())


def look(at: float, text: str, target: Target = GATEWAY) -> Look:
    return Look(target, at, Metrics.parse(text))


def two_looks(before: dict[str, float], after: dict[str, float]) -> Look:
    """Two seconds apart."""
    looks = Looks()
    looks.following(look(10.0, metrics(**before)))
    return looks.following(look(12.0, metrics(**after)))


def shown(*looks: Look) -> list[list[str]]:
    console = Console(width=200)
    with console.capture() as capture:
        console.print(view(looks))
    return [line.split() for line in capture.get().splitlines() if line.strip()]


def test_rates_are_what_came_in_a_second_over_all_labels():
    seen = two_looks(
        {}, {"chatcluster_messages_total": 130, 'chatcluster_refused_total{code="slow"}': 5}
    )
    assert seen.rate("messages_total") == 15
    assert seen.rate("refused_total") == 2
    assert seen.rate("no_such_total") == 0


def test_there_is_no_rate_before_the_second_look_or_after_a_restart():
    assert Looks().following(look(10.0, metrics())).rate("messages_total") is None
    again = two_looks({}, {"process_start_time_seconds": 2.0, "chatcluster_messages_total": 3})
    assert again.rate("messages_total") is None


@pytest.mark.parametrize(
    ("new", "bound"),
    [((0, 0, 0), None), ((100, 100, 100), 0.005), ((0, 100, 100), 0.01), ((0, 0, 9), float("inf"))],
)
def test_a_quantile_is_of_what_came_since_the_last_look(new, bound):
    names = [
        f'chatcluster_delivery_seconds_bucket{{taken="here",le="{le}"}}'
        for le in ("0.005", "0.01", "+Inf")
    ]
    grown = {name: base + more for name, base, more in zip(names, (90, 99, 100), new, strict=True)}
    assert two_looks({}, grown).quantile("delivery_seconds", 0.99, taken="here") == bound


def test_a_gateway_is_a_row_with_what_it_does():
    seen = two_looks({}, {"chatcluster_messages_total": 130, "chatcluster_sent_bytes_total": 5e6})
    header, row = shown(seen)
    assert header[:4] == ["gateway", "state", "fan-out", "clients"]
    assert row[:7] == ["gateway-1", "ready", "adapter", "40", "3", "15", "0"]
    assert row[7] == "2.5M"


def test_what_an_operator_has_to_see_is_said():
    troubled = {
        "chatcluster_ready": 0,
        'chatcluster_phase{phase="draining"}': 1,
        "chatcluster_drained_ratio": 0.25,
        "chatcluster_fanout_up": 0,
        "chatcluster_fanout_epoch": 3,
    }
    _, row = shown(two_looks({}, troubled))
    assert " ".join(row[1:6]) == "draining 25% adapter #3 down"


def test_each_kind_of_program_has_a_table_and_sums_where_they_say_something():
    hub = Target("http://127.0.0.1:9100", "", "hub", "hub")
    other = Target("http://127.0.0.1:9001", "", "gateway-2", "gateway")
    lines = shown(
        look(10.0, metrics()),
        look(10.0, metrics(), other),
        look(10.0, "chatcluster_ready 1\nchatcluster_hub_gateways 2\n", hub),
    )
    assert [line[0] for line in lines] == ["gateway", "gateway-1", "gateway-2", "all", "hub", "hub"]
    assert lines[3][1] == "80"  # clients
    assert lines[5][:3] == ["hub", "ready", "2"]


def test_one_that_does_not_answer_is_named_with_the_reason():
    silent = Look(GATEWAY, 10.0, error="nobody listens there")
    lines = shown(silent)
    assert lines[1] == ["gateway-1", "no", "answer"]
    assert lines[2] == ["gateway-1:", "nobody", "listens", "there"]
    assert rows([silent])[0]["error"] == "nobody listens there"


def test_for_programs_it_is_numbers_by_the_same_titles():
    (row,) = rows([two_looks({}, {"chatcluster_messages_total": 130})])
    assert (row["name"], row["kind"], row["msg/s"]) == ("gateway-1", "gateway", 15)


def test_names_of_programs_cannot_write_to_the_terminal():
    evil = Target("http://127.0.0.1:9000", "", "gate\x1b[2Jway[bold]", "gateway")
    console = Console(width=200)
    with console.capture() as capture:
        console.print(view([look(10.0, metrics(), evil)]))
    assert "\x1b[2J" not in capture.get()
    assert "[bold]" in capture.get()
