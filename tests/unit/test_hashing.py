"""Everybody chooses the same node for a key."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatcluster.core.hashing import _weight, choose

NODES = st.sets(st.text(max_size=5), min_size=1, max_size=8)


@given(key=st.text(), nodes=NODES, data=st.data())
def test_the_order_of_the_nodes_does_not_matter(key, nodes, data):
    order = data.draw(st.permutations(sorted(nodes)))
    assert choose(key, order) == choose(key, sorted(nodes))


@given(key=st.text(), nodes=NODES, gone=st.text(max_size=5))
def test_a_node_that_goes_moves_only_its_own_keys(key, nodes, gone):
    before = choose(key, nodes | {gone})
    if before != gone:
        assert choose(key, (nodes | {gone}) - {gone}) == before


def test_keys_are_spread_evenly():
    nodes = [f"hub-{number}" for number in range(5)]
    found = Counter(choose(f"room {number}", nodes) for number in range(5000))
    assert set(found) == set(nodes)
    assert all(850 < count < 1150 for count in found.values())


def test_a_node_that_goes_leaves_its_keys_to_all_others_evenly():
    nodes = [f"hub-{number}" for number in range(5)]
    keys = [f"room {number}" for number in range(5000)]
    orphans = [key for key in keys if choose(key, nodes) == "hub-0"]
    heirs = Counter(choose(key, nodes[1:]) for key in orphans)
    assert all(count > len(orphans) / 6 for count in heirs.values())
    assert len(heirs) == 4


def test_names_and_keys_do_not_run_into_each_other():
    assert _weight("bc", "a") != _weight("c", "ab")


def test_the_choice_stays_what_it_was():
    """Gateways of two releases have to agree: this may never change."""
    nodes = ["hub-0", "hub-1", "hub-2"]
    assert (
        "".join(choose(f"room {number}", nodes)[-1] for number in range(16)) == "1122011000122101"
    )


def test_without_nodes_there_is_no_choice():
    with pytest.raises(ValueError, match="empty"):
        choose("tea", [])
