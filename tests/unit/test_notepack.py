"""MessagePack between Python and JavaScript."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatcluster.core.errors import MalformedError
from chatcluster.fanout.adapter.notepack import pack, unpack

# What notepack.io 3.0.1 writes for these (its README and lib/encode.js).
VECTORS: dict[str, tuple[Any, str]] = {
    "nothing": (None, "c0"),
    "yes": (True, "c3"),
    "fixnum": (127, "7f"),
    "uint 8": (128, "cc80"),
    "uint 16": (256, "cd0100"),
    "uint 32": (65536, "ce00010000"),
    "uint 64": (2**53 - 1, "cf001fffffffffffff"),
    "negative fixnum": (-32, "e0"),
    "int 8": (-33, "d0df"),
    "int 16": (-129, "d1ff7f"),
    "int 32": (-32769, "d2ffff7fff"),
    "int 64": (-(2**53) + 1, "d3ffe0000000000001"),
    "double": (0.5, "cb3fe0000000000000"),
    "bin 8": (bytes([1, 2, 3, 4]), "c40401020304"),
    "date in whole seconds": (datetime(2000, 6, 13, tzinfo=UTC), "d6ff39457980"),
    "date in milliseconds": (
        datetime(2000, 6, 13, 0, 0, 0, 1000, UTC),
        "d7ff003d090039457980",
    ),
    "date before 1970": (
        datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC),
        "c70cff00000000ffffffffffffffff",
    ),
    "text beyond the first plane": ("🎉", "a4f09f8e89"),
    "object": ({"a": [1, {}]}, "81a161920180"),
}


@pytest.mark.parametrize(("value", "written"), VECTORS.values(), ids=VECTORS)
def test_values_are_written_as_notepack_writes_them(value: Any, written: str) -> None:
    assert pack(value).hex() == written
    assert unpack(bytes.fromhex(written)) == value


OLD = {
    "undefined": ("d40000", None),
    "date": ("d70000000000000003e8", datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)),
    "array buffer": ("c7030001feff", b"\x01\xfe\xff"),
}


@pytest.mark.parametrize(("written", "value"), OLD.values(), ids=OLD)
def test_what_notepack_2_wrote_can_be_read(written: str, value: Any) -> None:
    assert unpack(bytes.fromhex(written)) == value


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text(st.characters())  # half surrogate pairs included
    | st.binary()
    | st.datetimes(
        datetime(1900, 1, 1),
        datetime(2400, 1, 1),
        timezones=st.just(UTC),
    ),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(values)
def test_what_is_written_can_be_read(value: Any) -> None:
    assert unpack(pack(value)) == value


@given(st.binary())
def test_bytes_that_make_no_sense_are_malformed_or_a_value(data: bytes) -> None:
    try:
        unpack(data)
    except MalformedError:
        return


def test_half_a_surrogate_pair_goes_through() -> None:
    """Clients can write it, and a room may be named by it."""
    assert unpack(pack("x\ud800y")) == "x\ud800y"


def test_text_that_notepack_spoiled_is_read_as_far_as_it_goes() -> None:
    """What it writes for half a pair and the letter after it is no text at all."""
    assert "\ufffd" in unpack(bytes.fromhex("a5f0908080ff"))


NAIVE = datetime(2026, 7, 14)


@pytest.mark.parametrize("value", [object(), 2**64, [{"deep": object()}], {1}, {"at": NAIVE}])
def test_what_has_no_form_is_refused(value: Any) -> None:
    with pytest.raises(MalformedError):
        pack([value])
    assert pack([1]) == b"\x91\x01", "nothing is left over of it"
