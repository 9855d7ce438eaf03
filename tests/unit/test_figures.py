"""What a gateway says of itself, there and back."""

from __future__ import annotations

import orjson
import pytest

from chatcluster.core.errors import MalformedError
from chatcluster.core.figures import Figures, Move, figures_as_json, read_figures
from chatcluster.core.switch import Switch, Target
from chatcluster.core.switch_plan import Report

FIGURES = Figures(
    name="gateway-1",
    version="1",
    started=1_764_000_000.0,
    phase="draining",
    reasons=("this gateway is draining",),
    connections=120,
    drain=Move(150, 30, 120, 10.0),
    shed=None,
    fanout=Report("gateway-1.k3x9", Switch(3, Target("adapter"))),
)


def test_what_is_written_is_read_again() -> None:
    assert read_figures(orjson.dumps(figures_as_json(FIGURES))) == FIGURES


def test_what_is_no_gateways_answer_is_refused_with_a_sentence() -> None:
    with pytest.raises(MalformedError, match="connections"):
        read_figures(orjson.dumps({**figures_as_json(FIGURES), "connections": "many"}))
