"""What a gateway does when it is told something about a change of the fan-out."""

from __future__ import annotations

import pytest

from chatcluster.core.switch import Next, Order, Previous, StaleError, Step, Switch, Target

OLD, NEW, OTHER = Target("hub"), Target("redis"), Target("adapter")
FIRST = Switch(0, OLD)


def prepared(epoch: int = 1, target: Target = NEW) -> Switch:
    return FIRST.ordered(Order(Step.PREPARE, epoch, target)).opened(epoch, target)


def committed() -> Switch:
    switch = prepared().ordered(Order(Step.COMMIT, 1, NEW))
    assert switch.due
    return switch.committed()


def test_a_change_takes_three_steps():
    switch = FIRST.ordered(Order(Step.PREPARE, 1, NEW))
    assert switch == Switch(0, OLD, next=Next(1, NEW))
    switch = switch.opened(1, NEW)
    assert (switch.next, switch.due) == (Next(1, NEW, ready=True), False)
    switch = switch.ordered(Order(Step.COMMIT, 1, NEW))
    assert switch.due
    switch = switch.committed()
    assert switch == Switch(1, NEW, previous=Previous(0, OLD))
    assert switch.ordered(Order(Step.FINISH, 1, NEW)) == Switch(1, NEW)


@pytest.mark.parametrize("step", [Step.PREPARE, Step.COMMIT, Step.FOLLOW, Step.FINISH])
def test_to_say_it_again_changes_nothing(step):
    for switch in (FIRST, prepared(), committed()):
        once = switch.ordered(Order(step, 1, NEW))
        assert once.ordered(Order(step, 1, NEW)) is once


def test_what_fails_to_open_says_why_and_may_open_later():
    switch = FIRST.ordered(Order(Step.PREPARE, 1, NEW)).failed(1, NEW, "no answer")
    assert switch.next == Next(1, NEW, error="no answer")
    assert switch.opened(1, NEW).next == Next(1, NEW, ready=True)


def test_news_of_what_is_not_coming_any_more_is_nothing():
    for switch in (prepared(2), prepared(1, OTHER)):
        assert switch.opened(1, NEW) is switch.failed(1, NEW, "no answer") is switch
    assert FIRST.opened(1, NEW) is FIRST.failed(1, NEW, "no answer") is FIRST


def test_who_was_not_there_when_it_was_prepared_opens_it_and_goes_on_at_once():
    switch = FIRST.ordered(Order(Step.FINISH, 1, NEW))
    assert not switch.due
    assert switch.opened(1, NEW).committed() == Switch(1, NEW)


def test_a_newer_change_takes_the_place_of_one_that_is_prepared():
    assert prepared().ordered(Order(Step.PREPARE, 2, OTHER)).next == Next(2, OTHER)


def test_what_was_called_off_leaves_the_old_in_force():
    off = Order(Step.CALL_OFF, 1, NEW)
    assert prepared().ordered(off) == FIRST.ordered(off) == Switch(0, OLD, called_off=1)
    assert prepared(2).ordered(off).next == Next(2, NEW, ready=True)


@pytest.mark.parametrize("step", [Step.FOLLOW, Step.FINISH])
def test_when_others_have_committed_whatever_else_was_said_is_void(step):
    follow = Order(step, 1, NEW)
    called_off = FIRST.ordered(Order(Step.CALL_OFF, 1, NEW))
    for switch in (called_off, prepared(2, OTHER), prepared(1, OTHER)):
        switch = switch.ordered(follow)
        assert switch.next is not None
        assert (switch.next.epoch, switch.next.target, switch.next.forward) == (1, NEW, True)


def test_when_others_are_further_on_what_was_before_is_closed():
    switch = committed().ordered(Order(Step.FOLLOW, 2, OTHER))
    assert switch == Switch(1, NEW, next=Next(2, OTHER, forward=True))


@pytest.mark.parametrize(
    ("switch", "order", "why"),
    [
        (committed(), Order(Step.COMMIT, 0, OLD), "epoch 1 is in force here, after 0"),
        (committed(), Order(Step.COMMIT, 1, OTHER), "epoch 1 is redis here"),
        (committed(), Order(Step.PREPARE, 2, OTHER), "the change to epoch 1 is not finished"),
        (committed(), Order(Step.CALL_OFF, 1, NEW), "in force here already"),
        (prepared(2), Order(Step.COMMIT, 1, NEW), "epoch 2 is prepared here, after 1"),
        (prepared(), Order(Step.COMMIT, 1, OTHER), "epoch 1 is redis here"),
        (prepared(), Order(Step.PREPARE, 1, OTHER), "epoch 1 is redis here"),
        (
            FIRST.ordered(Order(Step.CALL_OFF, 1, NEW)),
            Order(Step.COMMIT, 1, NEW),
            "epoch 1 was called off",
        ),
        (
            FIRST.ordered(Order(Step.COMMIT, 1, NEW)),
            Order(Step.PREPARE, 2, OTHER),
            "epoch 1 was committed by others",
        ),
        (
            FIRST.ordered(Order(Step.COMMIT, 1, NEW)),
            Order(Step.CALL_OFF, 1, NEW),
            "epoch 1 was committed by others",
        ),
        (
            FIRST.ordered(Order(Step.FOLLOW, 2, NEW)),
            Order(Step.FOLLOW, 1, OTHER),
            "epoch 2 is prepared here, after 1",
        ),
    ],
)
def test_what_comes_too_late_or_contradicts_is_refused(switch, order, why):
    with pytest.raises(StaleError, match=why):
        switch.ordered(order)


def test_a_target_is_shown_with_what_differs_from_the_settings():
    assert str(Target("hub")) == "hub"
    options = {"adapter_protocol": "sharded", "key": "x"}
    assert str(Target("adapter", options)) == "adapter (adapter_protocol=sharded, key=x)"
    secret = {"postgres_dsn": "postgresql://ada:secret@db/chat", "hub_urls": ["http://a:b@hub"]}
    assert str(Target("postgres", secret)) == "postgres (hub_urls=…, postgres_dsn=…)"
