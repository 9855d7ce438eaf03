"""Names that are unique without anybody being asked."""

from __future__ import annotations

import os
import re

import pytest

from chatcluster.core.ids import epoch_id, short_id


@pytest.mark.parametrize(("size", "length"), [(6, 8), (9, 12), (10, 14)])
def test_an_id_has_only_letters_digits_and_two_signs(size, length):
    for _ in range(50):
        assert re.fullmatch(rf"[A-Za-z0-9_-]{{{length}}}", short_id(os.urandom, size))


def test_an_id_has_nine_bytes_unless_said_otherwise():
    assert short_id(lambda size: b"\xff" * size) == "_" * 12


def test_an_epoch_has_no_dash():
    assert epoch_id(lambda size: b"\xfb" * size) == "fbfbfbfb"
