"""The operator is healthy while it does its work."""

from __future__ import annotations

from chat_operator.liveness import DEAF_SECONDS, STUCK_SECONDS, Liveness
from chat_operator.look import Key

KEY = Key("chat", "talk")


def working() -> Liveness:
    liveness = Liveness(0)
    liveness.start(0)
    return liveness


def test_one_that_waits_for_the_lease_is_healthy():
    liveness = Liveness(0)
    liveness.expected(KEY, 1)
    assert liveness.reasons(1e6) == []


def test_a_chatcluster_that_is_not_looked_at_is_named():
    liveness = working()
    liveness.expected(KEY, 10)
    liveness.listed(10)
    assert liveness.reasons(10 + STUCK_SECONDS) == []
    liveness.listed(11 + STUCK_SECONDS)
    assert liveness.reasons(11 + STUCK_SECONDS) == ["chat/talk is not looked after"]


def test_one_that_is_gone_is_not_missed():
    liveness = working()
    liveness.expected(KEY, 10)
    liveness.forgotten(KEY)
    liveness.listed(1000)
    liveness.heard(1000)
    assert liveness.reasons(1000) == []


def test_a_list_that_is_not_read_any_more_is_a_reason():
    liveness = working()
    assert liveness.reasons(STUCK_SECONDS + 1) == ["new ChatClusters would not be seen"]


def test_an_api_server_that_takes_nothing_for_long_is_a_reason():
    """A short outage is not: a new process would do no better."""
    liveness = working()
    now = DEAF_SECONDS + 1
    liveness.listed(now)
    assert liveness.reasons(now) == [f"the API server took no request for {now:.0f} s"]
    liveness.heard(now)
    assert liveness.reasons(now) == []
