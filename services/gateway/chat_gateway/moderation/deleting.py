"""Takes messages back, from the log and from those who have them, and tells who wrote them."""

from __future__ import annotations

from chat_gateway.chat.service import ChatService
from chat_gateway.moderation.whom import Whom
from chatcluster.chat import stored
from chatcluster.chat.message import CHAT, LOBBY, MODERATED, Message
from chatcluster.core import codes
from chatcluster.core.envelope import Action
from chatcluster.core.errors import Refused


class Deleting:
    def __init__(self, service: ChatService) -> None:
        self._service = service

    async def author(self, room: str, id: str) -> Whom:
        """Who had written it; without a user, if that is not known. Raises Refused for a message
        that the log does not have, HistoryError.
        """
        log = self._service.log
        if log is None:
            raise Refused(codes.NO_HISTORY, "message: this chat keeps no history")
        return _author(_known(id, await stored.find(log, room, id)))

    async def delete(self, room: str, id: str) -> tuple[bool, Whom]:
        """Whether it was there until now, and who had written it. Clients are told in any case.
        Raises Refused for a message that the log does not have, HistoryError and FanoutError.

        A chat that keeps no history cannot know which messages there are.
        """
        log = self._service.log
        message = None
        if log is not None:
            message = _known(id, await stored.take_back(log, room, id))
        manager = self._service.manager
        await manager.publish(
            manager.envelope(
                CHAT,
                Action.EMIT,
                rooms=() if room == LOBBY else (room,),
                event=MODERATED,
                args=(stored.moderated(room, id, None),),
            )
        )
        if message is None:
            return True, Whom("", "")
        return not message.deleted, _author(message)


def _author(message: Message) -> Whom:
    return Whom(message.user, "", message.nick)


def _known(id: str, message: Message | None) -> Message:
    if message is None:
        raise Refused(codes.UNKNOWN_MESSAGE, f"message: there is none {id[:100]!r} in the log")
    return message
