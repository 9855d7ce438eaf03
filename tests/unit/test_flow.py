"""How fast clients may send, and their users."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_gateway.limits.flow import BATCH, Flow, Sender
from chatcluster.core import codes
from chatcluster.core.errors import Refused
from chatcluster.core.rate import Rate


class Clock:
    now = 1.0

    def __call__(self):
        return self.now


def send(flow, sender):
    """As the server asks it."""
    if sender.credit:
        sender.credit -= 1
        return True
    return flow.takes(sender)


@given(
    st.floats(1, 200),
    st.integers(1, 200),
    st.lists(st.tuples(st.integers(0, 100), st.floats(0, 3)), max_size=30),
)
def test_whatever_its_rhythm_a_client_gets_its_share_and_no_more(per_second, burst, spurts):
    clock = Clock()
    flow, sender = Flow(clock, client=Rate.of(per_second, burst)), Sender(None)
    began, taken = clock.now, 0
    for count, pause in spurts:
        taken += sum(send(flow, sender) for _ in range(count))
        assert taken <= burst + (clock.now - began) * per_second + 1
        clock.now += pause
    clock.now += burst / per_second
    assert sum(send(flow, sender) for _ in range(burst + BATCH)) >= burst


def test_those_of_one_user_share_and_others_do_not():
    clock = Clock()
    flow = Flow(clock, user=Rate.of(1, 40))
    ada, ada_too, bob = Sender(None), Sender(None), Sender(None)
    for sender, user in ((ada, "ada"), (ada_too, "ada"), (bob, "bob")):
        flow.identify(sender, user)
    taken = [sum(send(flow, one) for _ in range(30)) for one in (ada, ada_too, bob)]
    assert taken[0] == 30
    assert sum(taken[:2]) + ada.credit == 40  # what was paid for in advance
    assert taken[2] == 30


def test_a_user_who_connects_anew_does_not_begin_anew():
    flow = Flow(Clock(), user=Rate.of(1, 5))
    first = Sender(None)
    flow.identify(first, "ada")
    assert sum(send(flow, first) for _ in range(9)) == 5
    flow.forget(first)
    again = Sender(None)
    flow.identify(again, "ada")
    assert not send(flow, again)


def test_a_user_does_not_get_more_by_connecting_anew():
    """Each begins with a packet that comes before it is known whose connection it is."""
    flow, taken = Flow(Clock(), client=Rate.of(1000, 1000), user=Rate.of(1, 20)), 0
    for _ in range(10):
        sender = Sender(None)
        assert send(flow, sender)
        flow.identify(sender, "ada")
        taken += sum(send(flow, sender) for _ in range(30))
        flow.forget(sender)
    assert taken == 20


def test_a_user_has_as_many_connections_as_it_may():
    flow = Flow(Clock(), connections_per_user=2)
    senders = [Sender(None) for _ in range(3)]
    flow.identify(senders[0], "ada")
    flow.identify(senders[1], "ada")
    flow.identify(senders[1], "ada")  # in another namespace
    with pytest.raises(Refused) as refused:
        flow.identify(senders[2], "ada")
    assert refused.value.code is codes.USER_FULL
    assert senders[2].account is None
    flow.forget(senders[0])
    flow.forget(senders[0])
    flow.identify(senders[2], "ada")
    flow.identify(senders[2], "bob")
    assert flow.users == 2
    for sender in senders:
        flow.forget(sender)
    assert flow.users == 0


def test_who_goes_on_after_refusals_is_not_borne_with_for_ever():
    clock = Clock()
    flow, sender = Flow(clock, client=Rate.of(10, 20)), Sender(None)
    assert sum(send(flow, sender) for _ in range(50)) == 20
    assert sum(flow.bears(sender) for _ in range(50)) == 20
    clock.now += 1.0
    assert sum(flow.bears(sender) for _ in range(50)) == 10


def test_without_limits_everything_is_taken():
    flow, sender = Flow(), Sender(None)
    assert all(send(flow, sender) for _ in range(10_000))
