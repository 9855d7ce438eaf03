"""Arguments of events as JSON: what goes in comes out, and what a person gets wrong is named."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatcluster.core.errors import MalformedError
from chatcluster.fanout.redis.values import dump, load

SPECIAL = ["$binary", "$date", "$escaped"]
MOMENTS = st.datetimes(timezones=st.just(UTC))
texts = st.text(st.characters(), max_size=20) | st.sampled_from([*SPECIAL, "$", "\ud83d"])
leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
    | st.binary(max_size=20)
    | MOMENTS
)
arguments = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


@given(arguments)
def test_what_goes_in_comes_out(value: Any) -> None:
    assert load(dump(value)) == value


@given(arguments)
def test_what_comes_out_is_json_for_everybody(value: Any) -> None:
    json.loads(dump(value))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"\x00\xff", b'{"$binary":"AP8="}'),
        (datetime(2026, 7, 14, 12, 30, 15, tzinfo=UTC), b'{"$date":"2026-07-14T12:30:15Z"}'),
        ({"$date": "today"}, b'{"$escaped":{"$date":"today"}}'),
        ({"$date": "today", "at": 1}, b'{"$date":"today","at":1}'),
        ([float("nan"), float("inf")], b"[null,null]"),
    ],
)
def test_it_is_written_as_documented(value: Any, text: bytes) -> None:
    assert dump(value) == text


def test_a_moment_is_the_same_in_any_timezone() -> None:
    moment = datetime(2026, 7, 14, 14, 30, tzinfo=timezone(timedelta(hours=2)))
    assert load(b'{"$date": "2026-07-14T14:30+02:00"}') == load(dump(moment)) == moment


@pytest.mark.parametrize(
    "value",
    [2**64, -(2**63) - 1, datetime(2026, 7, 14), {1: "a"}, object(), {"a": {"a"}}],
    ids=["too large", "too small", "date without timezone", "key", "object", "set"],
)
def test_what_has_no_form_is_refused(value: Any) -> None:
    with pytest.raises(MalformedError, match="cannot be sent"):
        dump([value])


def test_what_contains_itself_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(MalformedError):
        dump(endless)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (b"", "not JSON"),
        (b"{'a': 1}", "not JSON"),
        (b'["\\ud83d", NaN]', "NaN is not JSON"),
        (b"\xff", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'{"$binary": "?"}', "base64"),
        (b'{"$binary": 1}', "base64"),
        (b'{"$date": "noon"}', "ISO 8601"),
        (b'{"$date": 1784032215}', "ISO 8601"),
        (b'{"$date": "2026-07-14T12:30"}', "timezone"),
        (b'{"$escaped": []}', "object"),
    ],
)
def test_what_cannot_be_read_is_named(text: bytes, wrong: str) -> None:
    with pytest.raises(MalformedError, match=wrong):
        load(text)


@given(st.binary())
def test_no_bytes_do_harm(text: bytes) -> None:
    with suppress(MalformedError):
        load(text)
