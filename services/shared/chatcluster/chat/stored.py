"""The messages of a room log, by their ids."""

from __future__ import annotations

from chatcluster.chat.message import Message
from chatcluster.core.errors import MalformedError
from chatcluster.core.position import Position
from chatcluster.history.port import Entry, RoomLog
from chatcluster.runtime.logs import get_logger

log = get_logger(__name__)


def decode(room: str, entry: Entry) -> Message:
    """The message of a log entry; a readable stand-in for one that something else wrote."""
    try:
        return Message.decode(room, entry.body)
    except MalformedError as error:
        # Its position has to be taken all the same, or the room would stand still.
        log.error("stored_message_malformed", error=str(error))
        return Message(room=room, nick="?", text="(unreadable)", time=0.0, dyno="?")


async def find(room_log: RoomLog, room: str, id: str) -> Message | None:
    """None for one that the log does not have. Raises HistoryError."""
    try:
        at = Position.parse(id)
    except MalformedError:
        return None
    if at.offset == 0:
        return None
    page = await room_log.since(room, Position(at.epoch, at.offset - 1), 1)
    return decode(room, page.entries[0]) if page.complete and page.entries else None


async def take_back(room_log: RoomLog, room: str, id: str) -> Message | None:
    """Keep no more than the place of a message. Gives what it was before; None for one that the log
    does not have. Raises HistoryError.
    """
    message = await find(room_log, room, id)
    if message is None or message.deleted:
        return message
    kept = await room_log.redact(room, Position.parse(id), message.redacted().encode())
    return message if kept else None  # retention took it meanwhile


def moderated(room: str, id: str, text: str | None) -> dict[str, str | None]:
    """The argument of `moderated`: the message is to be shown with this text or, with None, not."""
    return {"room": room, "id": id, "message": text} if room else {"id": id, "message": text}
