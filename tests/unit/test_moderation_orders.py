"""Orders of clients: read as they were meant, or refused, whatever is in them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_gateway.moderation.orders import Author, Delete, Kick, Restrict, read
from chatcluster.core.deeds import Measure
from chatcluster.core.errors import Refused
from tests.e2e.hostile import NUMBERS, POLLUTION, UNICODE

odd = st.one_of(
    st.none(),
    st.booleans(),
    st.floats(),
    st.text(max_size=400),
    st.sampled_from([*UNICODE, *NUMBERS, *POLLUTION, "127.0.0.1", "fe80::1%eth0", "", "tea"]),
)
names = st.sampled_from(["user", "address", "member", "message", "room", "__proto__"])
whom = st.dictionaries(names, odd, max_size=3) | odd
orders = st.fixed_dictionaries(
    {"action": st.sampled_from(list(Measure)) | odd},
    optional={"who": whom, "room": odd, "seconds": odd, "reason": odd, "message": odd, "by": odd},
)


@given(orders)
def test_whatever_a_client_orders_is_of_its_form_or_refused(fields: dict[str, Any]) -> None:
    refusals = []
    try:
        order = read(fields)
        order.model_dump_json().encode()  # can be kept, logged and told
        assert (order.action, order.by) == (fields["action"], "")
        assert order.room is None or len(order.room) <= 200
    except Refused as refused:
        refusals.append(refused)
    assert all(one.code.name == "invalid" and len(one.message) <= 500 for one in refusals)


def test_who_wrote_a_message_is_meant_by_its_id_and_room() -> None:
    order = read({"action": "ban", "who": {"message": "e-7", "room": "tea"}, "seconds": 60})
    assert isinstance(order, Restrict)
    assert order.who == Author(message="e-7", room="tea")
    assert order.room is None
    order = read({"action": "kick", "who": {"message": "e-7"}, "room": ""})
    assert isinstance(order, Kick)
    assert order.who == Author(message="e-7")


def test_what_is_not_known_in_an_order_is_left_out() -> None:
    order = read({"action": "delete", "message": "e-7", "by": "ops", "__proto__": {"room": "x"}})
    assert order == Delete(action="delete", message="e-7")


@pytest.mark.parametrize(
    "who",
    [{}, {"user": ""}, {"message": ""}, {"user": "u", "address": "x"}, {"member": 7}, "u", None],
)
def test_an_order_that_means_nobody_is_refused(who: object) -> None:
    with pytest.raises(Refused):
        read({"action": "kick", "who": who})
