"""Takes messages back, from the log and from those who have them, and tells who wrote them."""

from __future__ import annotations

from chat_gateway.chat.replay import decode
from chat_gateway.chat.service import ChatService
from chat_gateway.moderation.whom import Whom
from chatcluster.chat.message import CHAT, LOBBY, MODERATED, Message
from chatcluster.core import codes
from chatcluster.core.envelope import Action
from chatcluster.core.errors import MalformedError, Refused
from chatcluster.core.position import Position
from chatcluster.history.port import RoomLog


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
        _, message = await _stored(log, room, id)
        return _author(message)

    async def delete(self, room: str, id: str) -> tuple[bool, Whom]:
        """Whether it was there until now, and who had written it. Clients are told in any case.
        Raises Refused for a message that the log does not have, HistoryError and FanoutError.

        A chat that keeps no history cannot know which messages there are.
        """
        log = self._service.log
        message = None if log is None else await _redacted(log, room, id)
        event = {"id": id, "message": None}
        manager = self._service.manager
        await manager.publish(
            manager.envelope(
                CHAT,
                Action.EMIT,
                rooms=() if room == LOBBY else (room,),
                event=MODERATED,
                args=(event if room == LOBBY else {"room": room, **event},),
            )
        )
        if message is None:
            return True, Whom("", "")
        return not message.deleted, _author(message)


def _author(message: Message) -> Whom:
    return Whom(message.user, "", message.nick)


async def _stored(log: RoomLog, room: str, id: str) -> tuple[Position, Message]:
    """Raises Refused, HistoryError."""
    try:
        at = Position.parse(id)
    except MalformedError as error:
        raise _unknown(id) from error
    page = await log.since(room, Position(at.epoch, at.offset - 1), 1) if at.offset else None
    if page is None or not page.complete or not page.entries:
        raise _unknown(id)
    return at, decode(room, page.entries[0])


async def _redacted(log: RoomLog, room: str, id: str) -> Message:
    """The message as it was before. Raises Refused, HistoryError."""
    at, message = await _stored(log, room, id)
    if not message.deleted and not await log.redact(room, at, message.redacted().encode()):
        raise _unknown(id)  # retention took it meanwhile
    return message


def _unknown(id: str) -> Refused:
    return Refused(codes.UNKNOWN_MESSAGE, f"message: there is none {id[:100]!r} in the log")
