"""Log lines for machines and for people."""

from __future__ import annotations

import json
import logging

import pytest
import structlog

from chatcluster.runtime import logs


@pytest.fixture(autouse=True)
def afterwards_as_before():
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    for name in logs.TALKATIVE:
        logging.getLogger(name).setLevel(logging.NOTSET)
    structlog.reset_defaults()


def lines(capsys):
    return capsys.readouterr().out.splitlines()


def test_a_json_line_is_one_object(capsys):
    logs.configure("info", "json")
    logs.get_logger("chat").info("gateway_ready", port=8000, name="a\nb")
    [line] = lines(capsys)
    assert json.loads(line) | {"timestamp": ""} == {
        "timestamp": "",
        "level": "info",
        "event": "gateway_ready",
        "logger": "chat",
        "port": 8000,
        "name": "a\nb",
    }


def test_a_text_line_is_for_people(capsys):
    logs.configure("info", "text")
    logs.get_logger("chat").info("gateway_ready", port=8000)
    [line] = lines(capsys)
    assert "gateway_ready" in line
    assert "port=8000" in line


def test_lines_below_the_level_are_not_written(capsys):
    logs.configure("warning", "json")
    logs.get_logger("chat").info("gateway_ready")
    assert lines(capsys) == []


def test_libraries_write_in_the_same_form(capsys):
    logs.configure("info", "json")
    logging.getLogger("asyncio").warning("slow %s", "callback")
    [line] = lines(capsys)
    assert json.loads(line)["event"] == "slow callback"


@pytest.mark.parametrize("name", logs.TALKATIVE)
def test_talkative_libraries_write_only_warnings(capsys, name):
    logs.configure("debug", "json")
    logging.getLogger(f"{name}.server").info("emitting event with its text")
    logging.getLogger(name).warning("odd")
    [line] = lines(capsys)
    assert json.loads(line)["event"] == "odd"


@pytest.mark.parametrize("form", ["json", "text"])
def test_an_exception_comes_with_its_traceback_but_without_local_variables(capsys, form):
    logs.configure("info", form)
    private = "what a user wrote"
    try:
        raise LookupError(len(private))
    except LookupError:
        logs.get_logger("chat").exception("event_failed")
    written = capsys.readouterr().out
    assert "LookupError: 17" in written
    assert private not in written


def test_configuring_again_replaces_what_was(capsys):
    logger = logs.get_logger("chat")
    logs.configure("info", "text")
    logs.configure("info", "json")
    logger.info("once")
    [line] = lines(capsys)
    assert json.loads(line)["event"] == "once"
