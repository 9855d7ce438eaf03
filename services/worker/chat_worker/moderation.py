"""The job `moderation`: what is done about words and links that are not wanted.

A worker sees a message after it was sent: those who read it have read it. Clients that know the
event `moderated` {room?, id, message} show `message` in place of the text, or nothing if it is
null.
"""

from __future__ import annotations

from chat_worker.job import Answers, Task
from chat_worker.rules import Rules
from chatcluster.chat.message import CHAT_MESSAGE, MODERATED
from chatcluster.chat.stored import moderated
from chatcluster.runtime.worker_settings import WorkerSettings


class Moderation:
    """Does what the setting `moderation_action` says."""

    events = (CHAT_MESSAGE,)

    def __init__(self, settings: WorkerSettings) -> None:
        self._rules = Rules(
            settings.moderation_words,
            links=settings.moderation_links == "allow",
            hosts=settings.moderation_hosts,
        )
        self._action = settings.moderation_action

    async def run(self, task: Task, answers: Answers) -> None:
        verdict = self._rules.judge(task.text)
        if verdict is None:
            return
        reason = " and ".join(verdict.reasons)
        if self._action == "reply":
            await answers.say(f"{task.nick}, please do without: your message has {reason}.")
            return
        if self._action == "mask":
            await answers.emit(MODERATED, moderated(task.room, task.id, verdict.masked))
            return
        await answers.take_back()
        await answers.say(f"A message of {task.nick} was removed: it had {reason}.")
