"""Gateways that come and go, on a carrier that loses signals, agree on who is where."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.roster_world import World

SEEDS = st.integers(0, 2**32)


@given(seed=SEEDS, count=st.integers(2, 4), loss=st.sampled_from([0.0, 0.3, 0.7, 0.95]))
@settings(max_examples=150, deadline=None)
def test_after_the_losses_everybody_sees_the_people_of_all(seed, count, loss):
    world = World(Random(seed), count)
    world.loss = loss
    world.run(20, churn=0.4)
    world.calm()
    world.run(8)
    world.check()


@given(seed=SEEDS, loss=st.sampled_from([0.0, 0.5]))
@settings(max_examples=60, deadline=None)
def test_a_dead_gateway_leaves_no_ghosts_after_three_beats(seed, loss):
    """Three beats of silence, one until the survivors' own beat, half of one for what is on its
    way.
    """
    world = World(Random(seed), 4)
    world.loss = loss
    world.run(10, churn=0.4)
    world.calm()
    world.run(8)
    world.nodes.pop()
    world.run(4.6)
    world.check()


@given(seed=SEEDS)
@settings(max_examples=60, deadline=None)
def test_a_gateway_that_was_paused_comes_back_with_its_people(seed):
    world = World(Random(seed), 3)
    world.loss = 0.0
    world.run(10, churn=0.4)
    world.calm()
    world.nodes[0].paused = True
    world.run(6)
    for node in world.nodes[1:]:
        node.tell_clients()
        assert all(
            one.dyno != world.nodes[0].name
            for shown in node.lists.values()
            for one in shown.values()
        )
    world.calm()
    world.run(8)
    world.check()


@pytest.mark.parametrize("mute", [0, 1])
def test_losses_in_one_direction_only_are_made_good(mute):
    """A gateway that is heard by nobody, or hears nobody, for a while."""
    world = World(Random(mute), 3)
    world.loss = 0.0
    world.run(5, churn=0.4)
    silent = world.nodes[mute]
    carry = world._carry

    def one_way(origin, to, signal):
        if (origin == silent.name) != bool(mute):
            carry(origin, to, signal)

    world._carry = one_way  # type: ignore[method-assign]
    world.run(10, churn=0.4)
    world._carry = carry  # type: ignore[method-assign]
    world.calm()
    world.run(8)
    world.check()
