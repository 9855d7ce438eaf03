"""Which lines of a program reach the terminal."""

from __future__ import annotations

import json

import pytest

from chat_local.log_line import notable


@pytest.mark.parametrize("level", ["warning", "error", "critical"])
def test_warnings_and_worse_are_shown_with_their_values(level):
    line = json.dumps({"level": level, "event": "redis_gone", "timestamp": "now", "tries": 3})
    assert notable("gateway", line) == "redis_gone tries=3"


@pytest.mark.parametrize("level", ["debug", "info"])
def test_the_rest_is_only_in_the_log_file(level):
    assert notable("gateway", json.dumps({"level": level, "event": "connected"})) is None


def test_an_exception_is_shown_by_its_last_line():
    line = json.dumps(
        {"level": "error", "event": "crashed", "exception": "Traceback …\n  File …\nKeyError: 'x'"}
    )
    assert notable("gateway", line) == "crashed (KeyError: 'x')"


def test_a_sentence_on_standard_error_is_shown_as_it_is():
    assert notable("hub", "chatcluster: cannot listen there") == "cannot listen there"


@pytest.mark.parametrize("line", ["3", '"text"', "[1]"])
def test_json_that_is_no_log_line_is_shown_as_it_is(line):
    assert notable("hub", line) == line


def test_nothing_is_made_of_an_empty_line():
    assert notable("hub", "") is None


def test_valkey_is_heard_in_its_log_file_alone():
    assert notable("valkey", "1:M 1 Jan 2026 # WARNING Memory overcommit must be enabled") is None


def test_a_program_cannot_steer_the_terminal():
    line = json.dumps({"level": "error", "event": "odd", "value": "\x1b]0;title\x07\n"})
    assert "\x1b" not in str(notable("gateway", line))
    assert notable("gateway", "\x1b[2J") == " [2J"
