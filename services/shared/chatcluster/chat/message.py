"""A message of the chat: how it is stored, and what clients get of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import orjson

from chatcluster.core.envelope import Action
from chatcluster.core.errors import MalformedError
from chatcluster.core.position import Position

CHAT = "/"  # the namespace
CHAT_MESSAGE = "chat message"
MODERATED = "moderated"  # a message is to be shown otherwise, or not at all
LOBBY = ""  # the room of a message without a room: everybody on `/`


class Message(msgspec.Struct, frozen=True):
    """`time` in seconds since 1970; `dyno` is the gateway that took it; `to` is whom it is
    addressed to, if anybody. `alone`: it was sent to that gateway's clients only; those of others
    may not have it. `deleted`: of the message, only its place is left. `user` is the id of who
    wrote it, as far as that is known; it is stored, and clients never get it.
    """

    room: str
    nick: str
    text: str
    time: float
    dyno: str
    to: str | None = None
    key: str | None = None
    alone: bool = False
    deleted: bool = False
    user: str = ""

    def encode(self) -> bytes:
        """As it is stored: a JSON object without the room, which is the log's name."""
        fields = {"nick": self.nick, "message": self.text, "time": self.time, "dyno": self.dyno}
        given = {
            name: value for name in ("to", "key") if (value := getattr(self, name)) is not None
        }
        if self.alone:
            given["alone"] = True
        if self.deleted:
            given["deleted"] = True
        if self.user:
            given["user"] = self.user
        return orjson.dumps(fields | given)

    @classmethod
    def decode(cls, room: str, body: bytes) -> Message:
        """The inverse of `encode`. Raises MalformedError for a body that is none."""
        try:
            fields = orjson.loads(body)
            return cls(
                room=room,
                nick=fields["nick"],
                text=fields["message"],
                time=fields["time"],
                dyno=fields["dyno"],
                to=fields.get("to"),
                key=fields.get("key"),
                alone=fields.get("alone") is True,
                deleted=fields.get("deleted") is True,
                user=_text(fields.get("user")),
            )
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise MalformedError(f"not a stored message: {error}") from error

    def redacted(self) -> Message:
        """What is kept of it when it is deleted; who wrote it may have to be put out even then."""
        return msgspec.structs.replace(self, nick="", text="", to=None, key=None, deleted=True)

    def as_chat(self, id: str) -> dict[str, Any]:
        """The argument of `chat message`."""
        chat: dict[str, Any] = {
            "dyno": self.dyno,
            "time": self.time,
            "nick": self.nick,
            "message": self.text,
            "id": id,
        }
        if self.key is not None:
            chat["key"] = self.key
        if self.room != LOBBY:
            chat["room"] = self.room
        return chat

    def as_item(self, id: str) -> dict[str, Any]:
        """The argument of `item` in `/messages/<room>`."""
        return {
            "room": self.room,
            "created": self.time,
            "from": self.nick,
            "to": self.to,
            "message": self.text,
            "id": id,
        }

    @classmethod
    def from_chat(cls, chat: Mapping[str, Any], to: str | None) -> Message:
        """The message that `as_chat` made, as it comes from another gateway."""
        return cls(
            room=chat.get("room", LOBBY),
            nick=chat["nick"],
            text=chat["message"],
            time=chat["time"],
            dyno=chat["dyno"],
            to=to,
            key=chat.get("key"),
        )

    def announced(self, id: str, at: Position | None) -> dict[str, Any]:
        """The fields, but for who sends it, of the envelope that brings it to its room."""
        return {
            "namespace": CHAT,
            "action": Action.EMIT,
            "rooms": () if self.room == LOBBY else (self.room,),
            "event": CHAT_MESSAGE,
            "args": (self.as_chat(id),),
            "position": at,
            "flags": {} if self.to is None else {"to": self.to},
        }


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
