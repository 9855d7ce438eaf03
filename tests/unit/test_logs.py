"""Log lines for machines and for people."""

from __future__ import annotations

import asyncio
import json
import logging

import pytest
import structlog

from chatcluster.runtime import logs
from chatcluster.runtime.asked import ASKED, asked_by


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


def test_lines_that_an_event_leads_to_name_its_connection_and_itself(capsys):
    logs.configure("info", "json")
    logger = logs.get_logger("chat")
    before = ASKED.set(asked_by("the session's secret id"))
    logger.info("first")
    ASKED.reset(before)
    before = ASKED.set(asked_by("the session's secret id"))
    logger.info("second")
    ASKED.reset(before)
    logger.info("third")
    written = lines(capsys)
    first, second, third = map(json.loads, written)
    assert first["connection"] == second["connection"]
    assert first["request"] < second["request"]
    assert not {"connection", "request"} & third.keys()
    assert "secret" not in "".join(written)


async def test_tasks_and_callbacks_belong_to_the_event_that_began_them(capsys):
    logs.configure("info", "json")
    logger = logs.get_logger("chat")
    done = asyncio.get_running_loop().create_future()

    async def later() -> None:
        await asyncio.sleep(0)
        logger.info("task")

    before = ASKED.set(asked_by("session"))
    task = asyncio.create_task(later())
    done.add_done_callback(lambda _: logger.info("callback"))
    ASKED.reset(before)
    done.set_result(None)
    await task
    await asyncio.sleep(0)
    found = [json.loads(line) for line in lines(capsys)]
    assert {one["event"] for one in found} == {"task", "callback"}
    assert len({one["request"] for one in found}) == 1
