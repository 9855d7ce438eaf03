"""The codes that clients meet, and the errors that carry them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chatcluster.core import codes, errors
from chatcluster.core.codes import ALL, Code
from chatcluster.core.errors import ChatClusterError, Refused

OUTBOX = Path(__file__).parents[2] / "services/gateway/chat_gateway/page/state/outbox.js"
PROTOCOL = Path(__file__).parents[2] / "docs" / "protocol.md"


def test_every_code_is_in_the_list_of_all():
    defined = [value for value in vars(codes).values() if isinstance(value, Code)]
    assert sorted(defined, key=lambda code: code.number) == sorted(
        ALL, key=lambda code: code.number
    )


def test_names_and_numbers_are_used_once():
    assert len({code.name for code in ALL}) == len({code.number for code in ALL}) == len(ALL)


def test_numbers_are_those_that_a_library_may_use():
    assert all(3000 <= code.number < 4000 for code in ALL)


@pytest.mark.parametrize(("number", "reconnect"), [(3499, False), (3500, True)])
def test_a_number_that_contradicts_its_advice_is_refused(number, reconnect):
    with pytest.raises(ValueError, match="odd"):
        Code("odd", number, reconnect=reconnect)


def test_the_documentation_has_the_same_table():
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \| .* \| (yes|no)\b", PROTOCOL.read_text(), re.M)
    told = {(name, int(number), advice == "yes") for name, number, advice in rows}
    assert told == {(code.name, code.number, code.reconnect) for code in ALL}


def test_a_refusal_becomes_the_error_of_an_acknowledgement():
    refused = Refused(codes.INVALID, "room: may not be empty")
    assert str(refused) == "room: may not be empty"
    assert refused.as_reply() == {"error": {"code": "invalid", "message": "room: may not be empty"}}


def test_every_error_is_in_one_tree_and_in_its_drawing():
    found = [
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, Exception)
    ]
    assert all(issubclass(error, ChatClusterError) for error in found)
    assert all(error.__name__ in str(errors.__doc__) for error in found)


def test_the_page_sends_again_what_may_be_sent_again():
    again = re.search(r"COME_BACK = new Set\(\[(.*?)\]\)", OUTBOX.read_text(), re.S)
    assert again is not None
    assert set(re.findall(r'"(\w+)"', again[1])) == {code.name for code in ALL if code.reconnect}
