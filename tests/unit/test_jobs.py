"""Jobs as JSON, and the two that come with workers."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_worker.commands import Commands
from chat_worker.finding import find
from chat_worker.job import Task
from chat_worker.moderation import Moderation
from chatcluster.chat.job import Job
from chatcluster.core.errors import MalformedError
from chatcluster.runtime.lifecycle import StartError
from chatcluster.runtime.settings import SettingsError, load
from chatcluster.runtime.worker_settings import WorkerSettings

texts = st.text(max_size=9)


def settings(**given: Any) -> WorkerSettings:
    return load(WorkerSettings, **given)


class Said:
    """Answers that are only written down."""

    def __init__(self, people: tuple[int, Sequence[str]] = (0, ())) -> None:
        self.said: list[str] = []
        self.emitted: list[tuple[str, tuple[Any, ...]]] = []
        self._people = people

    async def say(self, text: str, *, nick: str = "", room: str | None = None) -> str:
        self.said.append(text)
        return "k3x9-1"

    async def emit(self, event: str, *args: Any, room: str | None = None) -> None:
        self.emitted.append((event, args))

    async def take_back(self) -> None:
        self.emitted.append(("take back", ()))

    async def people(self) -> tuple[int, Sequence[str]]:
        return self._people


def task(text: str, room: str = "tea") -> Task:
    return Task("k3x9-42", "chat message", room, ({"nick": "ada", "message": text},))


async def command(text: str, answers: Said | None = None) -> list[str]:
    answers = answers or Said()
    await Commands(settings()).run(task(text), answers)
    return answers.said


@given(st.builds(Job, texts.filter(bool), texts, texts, st.tuples(texts, st.binary()), texts))
def test_a_job_is_read_as_it_was_stored(job: Job) -> None:
    assert Job.decode(job.encode(), job.id) == job


def test_a_job_without_an_id_gets_one() -> None:
    assert Job.decode(b'{"event": "hello"}', "1-0") == Job("hello", id="1-0")
    assert Job.decode(b'{"event": "hello", "id": "mine"}', "1-0").id == "mine"


@pytest.mark.parametrize(
    "fields", [[], {}, {"event": 1}, {"event": "e", "args": "x"}, {"event": "e", "room": None}]
)
def test_what_is_no_job_is_refused(fields: object) -> None:
    with pytest.raises(MalformedError):
        Job.decode(json.dumps(fields).encode(), "1-0")


async def test_me_says_what_somebody_does() -> None:
    assert await command("/me waves") == ["* ada waves"]


async def test_roll_throws_dice() -> None:
    (answer,) = await command("/roll 2d6")
    assert re.fullmatch(r"ada: 2d6: [1-6] \+ [1-6] = \d+", answer)


async def test_time_tells_the_time() -> None:
    (answer,) = await command("/time")
    assert re.fullmatch(r"It is \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\.", answer)


@pytest.mark.parametrize(
    ("people", "answer"),
    [
        ((0, []), "Nobody has joined this room."),
        ((2, ["bob", "ada"]), "2 here: ada, bob"),
        ((3, ["ada"]), "3 here: ada, and 2 more"),
    ],
)
async def test_who_names_the_people(people: tuple[int, list[str]], answer: str) -> None:
    assert await command("/who", Said(people)) == [answer]


async def test_help_names_every_command() -> None:
    (answer,) = await command("/help")
    lines = answer.split("\n")
    assert [re.split("[ :]", line)[0] for line in lines] == [
        "/me",
        "/roll",
        "/time",
        "/who",
        "/help",
    ]


async def test_an_unknown_command_is_answered_with_help() -> None:
    assert "/help" in (await command("/dance"))[0]


@pytest.mark.parametrize("text", ["hello", "/usr/bin/env", "/", "/Me", "say /me", "//me", ""])
async def test_what_is_no_command_is_not_answered(text: str) -> None:
    assert await command(text) == []


@pytest.mark.parametrize(
    ("action", "emitted", "said"),
    [
        ("mask", [("moderated", ({"id": "k3x9-42", "message": "you ****", "room": "tea"},))], []),
        (
            "remove",
            [("take back", ())],
            ["A message of ada was removed: it had a word that may not be said."],
        ),
        (
            "reply",
            [],
            ["ada, please do without: your message has a word that may not be said."],
        ),
    ],
)
async def test_moderation_does_what_it_is_set_to(
    action: str, emitted: list[tuple[str, tuple[Any, ...]]], said: list[str]
) -> None:
    moderation = Moderation(settings(moderation_words="fool", moderation_action=action))
    answers = Said()
    await moderation.run(task("you fool"), answers)
    await moderation.run(task("you friend"), answers)
    assert answers.emitted == emitted
    assert answers.said == said


async def test_in_the_lobby_no_room_is_named() -> None:
    answers = Said()
    await Moderation(settings(moderation_words="fool")).run(task("fool", ""), answers)
    assert answers.emitted == [("moderated", ({"id": "k3x9-42", "message": "****"},))]


async def test_what_is_no_message_is_left_alone() -> None:
    answers = Said()
    odd = Task("1-0", "chat message", "tea", ("just a text",))
    await Commands(settings()).run(odd, answers)
    await Moderation(settings(moderation_links="refuse")).run(odd, answers)
    assert (answers.said, answers.emitted) == ([], [])


def test_a_job_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(StartError, match=r"'dance'.*commands, moderation"):
        find(settings(jobs="dance"))


@pytest.mark.parametrize("wrong", [{"mode": "isolated"}, {"history": "off"}])
def test_a_worker_that_could_not_answer_does_not_start(wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="a worker answers through"):
        settings(**wrong)
