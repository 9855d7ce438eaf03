"""The values in docs/kubernetes.md are taken, and its tables name what is there."""

from __future__ import annotations

import re

import pytest
import yaml

from tests.chart.cases import everything
from tests.chart.chart import CHART, one, render

PAGE = (CHART.parents[1] / "docs" / "kubernetes.md").read_text()
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS, ids=range(1, len(BLOCKS) + 1))
def test_values_of_the_page_are_taken(block):
    assert render(yaml.safe_load(block))


def test_there_are_such_values():
    assert len(BLOCKS) == 9


def test_every_alert_is_explained():
    (group,) = one(render(everything("hub")), "PrometheusRule", "")["spec"]["groups"]
    assert set(re.findall(r"`(Chatcluster\w+)`", PAGE)) == {
        rule["alert"] for rule in group["rules"]
    }
