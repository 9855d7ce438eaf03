"""The job `commands`: messages that begin with a slash."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from chat_worker.dice import roll
from chat_worker.job import Answers, Task
from chatcluster.chat.message import CHAT_MESSAGE
from chatcluster.runtime.worker_settings import WorkerSettings

_COMMAND = re.compile(r"/([a-z]{1,20})(?:\s+(.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Asked:
    """A command as it was given; `rest` is what follows its name."""

    nick: str
    rest: str
    answers: Answers


@dataclass(frozen=True, slots=True)
class Command:
    """`usage` and `help` are for people."""

    usage: str
    help: str
    run: Callable[[Asked], Awaitable[str]]  # the answer


class Commands:
    """Answers each command with one message into the room where it was given."""

    events = (CHAT_MESSAGE,)

    def __init__(self, settings: WorkerSettings) -> None:
        self.registry: dict[str, Command] = {
            "me": Command("/me does something", "say what you do", _me),
            "roll": Command("/roll 2d6", "throw dice", _roll),
            "time": Command("/time", "what time it is", _time),
            "who": Command("/who", "who is in this room", _who),
            "help": Command("/help", "this list", self._help),
        }

    async def run(self, task: Task, answers: Answers) -> None:
        given = _COMMAND.fullmatch(task.text.strip())
        if given is None:
            return
        name, rest = given[1], (given[2] or "").strip()
        command = self.registry.get(name)
        if command is None:
            await answers.say(f"There is no command /{name}; /help lists those that there are.")
            return
        await answers.say(await command.run(Asked(task.nick, rest, answers)))

    async def _help(self, asked: Asked) -> str:
        return _listed(self.registry)


def _listed(registry: Mapping[str, Command]) -> str:
    return "\n".join(f"{command.usage}: {command.help}" for command in registry.values())


async def _me(asked: Asked) -> str:
    return f"* {asked.nick} {asked.rest}" if asked.rest else "What is it that you do? /me waves"


async def _roll(asked: Asked) -> str:
    return f"{asked.nick}: {roll(asked.rest or '1d6', random.SystemRandom().randint)}"


async def _time(asked: Asked) -> str:
    return time.strftime("It is %Y-%m-%d %H:%M:%S UTC.", time.gmtime())


async def _who(asked: Asked) -> str:
    count, nicknames = await asked.answers.people()
    if not count:
        return "Nobody has joined this room."
    more = f", and {count - len(nicknames)} more" if count > len(nicknames) else ""
    return f"{count} here: {', '.join(sorted(nicknames))}{more}"
