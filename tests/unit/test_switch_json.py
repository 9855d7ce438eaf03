"""A change's state, orders and reports survive their way as JSON."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatcluster.core.errors import MalformedError
from chatcluster.core.switch import Next, Order, Previous, Step, Switch, Target
from chatcluster.core.switch_json import (
    order_as_json,
    read_order,
    read_report,
    read_switch,
    report_as_json,
    switch_as_json,
)
from chatcluster.core.switch_plan import Report

words = st.text(max_size=8)
epochs = st.integers(0, 2**40)
values = words | st.booleans() | st.integers(-(2**40), 2**40) | st.lists(words, max_size=3)
targets = st.builds(Target, words, st.dictionaries(words, values, max_size=2))
switches = st.builds(
    Switch,
    epochs,
    targets,
    next=st.none()
    | st.builds(Next, epochs, targets, st.booleans(), words, st.booleans(), st.booleans()),
    previous=st.none() | st.builds(Previous, epochs, targets),
    called_off=epochs,
)
orders = st.builds(Order, st.sampled_from(Step), epochs, targets)
reports = st.builds(
    Report, words, switches, st.frozensets(words, max_size=3), st.booleans(), st.floats(0, 1e6)
)


@given(switch=switches)
def test_a_state_is_read_as_it_was_written(switch):
    assert read_switch(json.dumps(switch_as_json(switch))) == switch


@given(order=orders)
def test_an_order_is_read_as_it_was_written(order):
    assert read_order(json.dumps(order_as_json(order))) == order


@given(report=reports)
def test_a_report_is_read_as_it_was_written(report):
    assert read_report(json.dumps(report_as_json(report))) == report


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"step": "jump", "epoch": 1, "target": {}}'])
def test_what_is_no_order_says_what_is_wrong(text):
    with pytest.raises(MalformedError):
        read_order(text)
