"""How long messages took, by the clocks of those who say when they were sent."""

from __future__ import annotations

import pytest

from chat_gateway.chat.delays import Delays


@pytest.fixture
def delays() -> Delays:
    return Delays("gateway-1")


def counted(delays: Delays) -> dict[str, tuple[int, float]]:
    return {source: (one.count, one.sum) for source, one in delays.by_source.items()}


def test_own_messages_and_those_of_others_are_told_apart(delays: Delays):
    delays.measure({"time": 10.0, "dyno": "gateway-1"}, 10.5)
    delays.measure({"time": 10.0, "dyno": "gateway-2"}, 12.0)
    assert counted(delays) == {"here": (1, 0.5), "elsewhere": (1, 2.0)}
    assert delays.ahead == 0


def test_a_message_from_the_future_tells_of_a_clock_and_counts_as_no_delay(delays: Delays):
    delays.measure({"time": 12.0, "dyno": "gateway-2"}, 10.0)
    delays.measure({"time": 10.05, "dyno": "gateway-2"}, 10.0)  # as clocks differ anyway
    assert counted(delays)["elsewhere"] == (2, 0.0)
    assert delays.ahead == 1


@pytest.mark.parametrize(
    "time", ["yesterday", None, True, [], {"a": 1}, float("nan"), float("-inf")]
)
def test_what_is_no_time_is_not_counted(delays: Delays, time: object):
    delays.measure({"time": time, "dyno": "gateway-2"}, 10.0)
    delays.measure({"dyno": "gateway-2"}, 10.0)
    assert counted(delays) == {"here": (0, 0.0), "elsewhere": (0, 0.0)}
