"""How many may be inside, and what is given back."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from chat_gateway.limits.addresses import Proxies
from chat_gateway.limits.entrance import Entrance
from chat_gateway.limits.gate import Entry, Gate, GateLimits
from chat_gateway.limits.origins import Origins
from chatcluster.core import codes

ADDRESSES = ["203.0.113.1", "203.0.113.2", "2001:db8::1", "2001:db8::2", "2001:db8:1::1"]


class Crowd(RuleBasedStateMachine):
    """Newcomers and leavers in any order."""

    def __init__(self):
        super().__init__()
        limits = GateLimits(connections=6, connections_per_address=2)
        self.gate = Gate(limits, lambda: 1.0)
        self.inside: list[Entry] = []

    @rule(address=st.sampled_from(ADDRESSES))
    def comes(self, address):
        entry = self.gate.enter(address)
        if isinstance(entry, Entry):
            self.inside.append(entry)
        elif entry is codes.GATEWAY_FULL:
            assert len(self.inside) == 6
        else:
            assert entry is codes.ADDRESS_FULL
            neighbours = {"2001:db8::/64"} if address.startswith("2001:db8::") else {address}
            neighbours |= {"2001:db8:1::/64"} if ":1::" in address else set()
            assert sum(one.place in neighbours for one in self.inside) == 2

    @rule(which=st.integers(0, 10))
    def leaves(self, which):
        if self.inside:
            self.gate.leave(self.inside.pop(which % len(self.inside)).place)

    @invariant()
    def nothing_is_lost_or_counted_twice(self):
        assert self.gate.inside == len(self.inside) <= 6
        for place in {one.place for one in self.inside}:
            assert sum(one.place == place for one in self.inside) <= 2


TestCrowd = Crowd.TestCase
TestCrowd.settings = settings(max_examples=40, stateful_step_count=30)


def test_without_limits_everybody_comes_in():
    gate = Gate(GateLimits(), lambda: 1.0)
    assert all(isinstance(gate.enter("1.2.3.4"), Entry) for _ in range(1000))


def test_who_is_turned_away_since_many_come_keeps_no_place():
    gate = Gate(GateLimits(connections_per_address=50, handshakes_per_second=1), lambda: 1.0)
    entries = [gate.enter("203.0.113.1") for _ in range(40)]
    assert entries[-1] is codes.GATEWAY_BUSY
    let_in = [entry for entry in entries if isinstance(entry, Entry)]
    assert gate.inside == len(let_in)
    for entry in let_in:
        gate.leave(entry.place)
    assert gate.inside == 0


def test_one_address_comes_no_faster_than_it_may_and_takes_nobodys_turn():
    now = [1.0]
    gate = Gate(GateLimits(handshakes_per_address=2), lambda: now[0])
    first = [gate.enter("203.0.113.1") for _ in range(30)]
    assert sum(isinstance(entry, Entry) for entry in first) == 20
    assert first[-1] is codes.ADDRESS_FULL
    assert isinstance(gate.enter("203.0.113.2"), Entry)
    now[0] += 1.0
    assert sum(isinstance(gate.enter("203.0.113.1"), Entry) for _ in range(9)) == 2


def test_while_it_refuses_nobody_comes_in():
    gate = Gate(GateLimits(), lambda: 1.0)
    gate.refusing = codes.DRAINING
    assert gate.enter("203.0.113.1") is codes.DRAINING


@given(st.lists(st.sampled_from(ADDRESSES), max_size=30))
def test_refusals_are_counted_by_code(addresses):
    entrance = Entrance(
        Gate(GateLimits(connections=3), lambda: 1.0), origins=Origins(["https://chat.example"])
    )
    for address in addresses:
        visit = entrance.visit(address, [("Origin", "https://evil.example")])
        assert entrance.forbids(visit) is codes.FORBIDDEN_ORIGIN
        entrance.enter(visit)
    assert entrance.refused[codes.FORBIDDEN_ORIGIN.name] == len(addresses)
    assert entrance.refused[codes.GATEWAY_FULL.name] == max(0, len(addresses) - 3)


@pytest.mark.parametrize("name", ["X-Forwarded-For", "x-forwarded-for", "X-FORWARDED-FOR"])
def test_a_visit_is_read_from_the_headers_however_they_are_spelled(name):
    entrance = Entrance(proxies=Proxies(["10.0.0.0/8"]))
    headers = [("HOST", "chat.example"), (name, "203.0.113.1"), ("ORIGIN", "https://a"), (name, "")]
    visit = entrance.visit("10.0.0.1", headers)
    assert visit == ("10.0.0.1", ("https://a",), "chat.example")
    assert entrance.visit("10.0.0.1", headers[:-1]).address == "203.0.113.1"
