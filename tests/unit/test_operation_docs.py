"""docs/operation.md names commands, paths and metrics that there are."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from chat_local.cli import execute
from tests import metrics_page

PAGE = metrics_page.PAGE.read_text()
COMMANDS = re.findall(r"^\$ chatcluster (.+)$", PAGE, re.MULTILINE)
ALERTS = Path(__file__).parents[2] / "charts/chatcluster/templates/monitoring/alerts.yaml"


@pytest.mark.parametrize("command", COMMANDS)
def test_its_commands_are_understood(command: str, capsys: pytest.CaptureFixture[str]):
    assert execute([*shlex.split(command), "--help"]) == 0
    assert "Usage: chatcluster" in capsys.readouterr().out


def test_there_are_commands():
    assert len(COMMANDS) == 6


def test_an_option_that_is_not_there_would_be_found(capsys: pytest.CaptureFixture[str]):
    assert execute(["top", "--colour", "--help"]) == 2


def test_its_tables_are_those_of_the_programs():
    assert metrics_page.generated() == PAGE


def test_metrics_that_texts_name_are_in_the_tables():
    told = set(re.findall(r"^\| `(chatcluster_\w+)`", PAGE, re.MULTILINE))
    named = set(re.findall(r"`(chatcluster_\w+)", PAGE + ALERTS.read_text()))
    assert len(told) > 40
    assert named <= told


def test_its_paths_are_those_of_the_admin_server():
    paths = set(re.findall(r"^\| `(/\w+)`", PAGE, re.MULTILINE))
    assert paths == {"/healthz", "/readyz", "/metrics", "/stats", "/fanout", "/examination"}
