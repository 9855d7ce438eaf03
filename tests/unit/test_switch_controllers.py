"""Several controllers at once, with different wishes, late orders, and gateways that die.

Whatever they did to each other: one that is alone in the end brings all gateways to what it wants.
"""

from __future__ import annotations

import random
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatcluster.core.switch import Next, Order, Previous, StaleError, Step, Switch, Target
from chatcluster.core.switch_plan import MARKER_SECONDS, Phase, Report, plan

OLD, REDIS, HUB = Target("adapter"), Target("redis"), Target("hub")
NAMES = ("gateway-1", "gateway-2", "gateway-3")


class World:
    """Gateways, the orders under way to them, and where starting gateways look."""

    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.start = Switch(0, OLD)
        self.gateways = dict.fromkeys(NAMES, self.start)
        self.orders = []

    def reports(self):
        return {name: Report(name, switch, waits=False) for name, switch in self.gateways.items()}

    def turn(self, wanted):
        """One turn of a controller whose orders arrive later, if at all."""
        planned = plan(wanted, self.reports())
        self.start = planned.start
        self.orders += planned.orders.items()
        return planned

    def arrives(self):
        """One of the orders that are under way, not always the oldest."""
        if self.orders:
            name, order = self.orders.pop(self.dice.randrange(len(self.orders)))
            with suppress(StaleError):  # the next look shows what is
                self.gateways[name] = self.gateways[name].ordered(order)

    def is_lost(self):
        if self.orders:
            self.orders.pop(self.dice.randrange(len(self.orders)))

    def works(self):
        """A gateway does what it was told."""
        name = self.dice.choice(NAMES)
        switch = self.gateways[name]
        if switch.due:
            self.gateways[name] = switch.committed()
        elif switch.next is not None:
            self.gateways[name] = switch.opened(switch.next.epoch, switch.next.target)

    def restarts(self):
        """A gateway dies, and with it what was under way to it."""
        name = self.dice.choice(NAMES)
        self.gateways[name] = self.start
        self.orders = [order for order in self.orders if order[0] != name]

    def chaos(self, steps, *wishes):
        doings = [self.arrives] * 8 + [self.works] * 8 + [self.is_lost, self.restarts]
        doings += [lambda wanted=wanted: self.turn(wanted) for wanted in wishes] * 2
        for _ in range(steps):
            self.dice.choice(doings)()

    def settles(self, wanted):
        """With one controller left, and nobody dying any more."""
        for _ in range(30):
            if self.turn(wanted).done:
                return True
            for _ in range(40):
                self.arrives()
                self.works()
        return False


@settings(max_examples=300)
@given(seed=st.integers(0, 2**32), steps=st.integers(0, 150))
def test_one_controller_that_is_left_brings_all_to_what_it_wants(seed, steps):
    world = World(seed)
    world.chaos(steps, REDIS, HUB, OLD)
    assert world.settles(REDIS), world.gateways
    first, *others = world.gateways.values()
    assert first.target == REDIS
    assert all((one.epoch, one.target) == (first.epoch, first.target) for one in others)


@settings(max_examples=100)
@given(seed=st.integers(0, 2**32), steps=st.integers(0, 150))
def test_two_controllers_of_one_mind_do_no_harm(seed, steps):
    world = World(seed)
    world.chaos(steps, REDIS, REDIS)
    assert world.settles(REDIS), world.gateways


def committed(target, epoch=5):
    """Of a gateway that has left adapter, which had epoch 4."""
    return Switch(epoch, target, previous=Previous(4, OLD))


@pytest.mark.parametrize(
    "behind",
    [
        Switch(4, OLD, called_off=5),
        Switch(4, OLD, next=Next(6, HUB)),
        Switch(4, OLD, next=Next(5, HUB)),
    ],
    ids=["it was called off there", "a later one is prepared there", "another one is"],
)
def test_a_gateway_follows_those_who_committed_whatever_another_controller_told_it(behind):
    told = plan(HUB, {"one": Report("one", committed(REDIS)), "two": Report("two", behind)})
    assert told.orders == {"two": Order(Step.FOLLOW, 5, REDIS)}
    followed = behind.ordered(told.orders["two"])
    assert followed.next == Next(5, REDIS, forward=True)
    assert followed.opened(5, HUB) == followed
    assert followed.failed(5, HUB, "no hub there") == followed


def test_who_follows_others_is_not_led_elsewhere():
    following = Switch(4, OLD).ordered(Order(Step.FOLLOW, 6, HUB))
    for order in (Order(Step.FOLLOW, 5, REDIS), Order(Step.FOLLOW, 6, REDIS)):
        with pytest.raises(StaleError):
            following.ordered(order)


def test_nobody_commits_alone_what_was_called_off():
    """A commit that comes late must not separate one gateway from the others."""
    with pytest.raises(StaleError, match="called off"):
        Switch(4, OLD, called_off=5).ordered(Order(Step.COMMIT, 5, REDIS))


def test_one_epoch_that_two_controllers_began_is_committed_by_neither():
    prepared = [Switch(4, OLD, next=Next(5, target, ready=True)) for target in (REDIS, HUB)]
    planned = plan(REDIS, {str(switch): Report("", switch) for switch in prepared})
    assert planned.phase is Phase.PREPARING
    assert planned.epoch == 6


def test_gateways_that_began_with_different_modes_are_brought_together():
    began = {"one": Report("one", Switch(0, REDIS)), "two": Report("two", Switch(0, HUB))}
    assert not plan(REDIS, began).done
    planned = plan(HUB, began)
    assert planned.phase is Phase.PREPARING
    assert planned.orders == dict.fromkeys(began, Order(Step.PREPARE, 1, HUB))


def test_each_finishes_what_it_committed_to():
    reports = {
        name: Report(name, committed(target), waits=False)
        for name, target in (("one", REDIS), ("two", HUB))
    }
    planned = plan(HUB, reports)
    assert [order.target for order in planned.orders.values()] == [REDIS, HUB]


def test_one_that_waits_for_nothing_does_not_keep_others_waiting():
    """A gateway that was restarted has not committed, and always says that it just did."""
    waiting = Report("one", committed(REDIS), since=MARKER_SECONDS + 1)
    restarted = Report("two", committed(REDIS), waits=False)
    assert plan(REDIS, {"one": waiting, "two": restarted}).orders.keys() == {"one", "two"}


def test_one_that_has_not_finished_follows_those_who_are_a_change_further():
    order = Order(Step.FOLLOW, 6, HUB)
    assert committed(REDIS).ordered(order) == Switch(5, REDIS, next=Next(6, HUB, forward=True))


def test_a_gateway_that_starts_among_latecomers_listens_to_what_they_publish_on():
    reports = [Switch(6, HUB), committed(REDIS), Switch(4, OLD)]
    planned = plan(HUB, {str(switch): Report("", switch) for switch in reports})
    assert planned.start == Switch(6, HUB, previous=Previous(5, REDIS))


def test_the_old_one_is_kept_while_somebody_waits_for_the_last_on_it():
    reports = {
        "one": Report("one.x", committed(REDIS), frozenset({"one.x"})),
        "two": Report("two.x", committed(REDIS), frozenset({"one.x", "two.x"})),
    }
    planned = plan(REDIS, reports)
    assert (planned.phase, planned.orders) == (Phase.FINISHING, {})
    assert planned.reason == "one waits for the last of 1"
