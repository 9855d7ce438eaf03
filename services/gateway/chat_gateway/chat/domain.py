"""What a message is and what a client may ask for: rules without I/O."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chatcluster.chat.message import LOBBY as LOBBY
from chatcluster.chat.message import Message as Message
from chatcluster.core.codes import INVALID, TOO_LONG
from chatcluster.core.errors import MalformedError, Refused
from chatcluster.core.position import Position

UNNAMED = "Unnamed"
KEY_LIMIT = 64
HISTORY_LIMIT = 200  # of one `history` request
HISTORY_DEFAULT = 50

_LINE_CONTROLS = frozenset("\n\r\t")
# Categories of Unicode that no name or text may have: controls, half surrogate pairs.
_FORBIDDEN = frozenset(("Cc", "Cs"))
# Besides, in names: invisible signs that turn a line of text around (UTS 39, "bidirectional
# spoofing").
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True, slots=True)
class Limits:
    """`text` in bytes of UTF-8, `name` in characters."""

    text: int = 8192
    name: int = 64


def fields_of(args: tuple[Any, ...], event: str) -> Mapping[str, Any]:
    """The one object that an event has as its argument. Raises Refused."""
    if len(args) != 1 or not isinstance(args[0], dict):
        raise Refused(INVALID, f"{event}: one object is expected as argument")
    return args[0]


def room_or_fields(args: tuple[Any, ...], event: str) -> Mapping[str, Any]:
    """The fields of an event that takes a room's name, an object, or nothing (the lobby). Raises
    Refused.
    """
    if not args or args == (None,):
        return {}
    if len(args) == 1 and isinstance(args[0], str):
        return {"room": args[0]}
    return fields_of(args, event)


def name(value: Any, field: str, limits: Limits) -> str:
    """A room's name, trimmed. Raises Refused, naming *field*."""
    text = _string(value, field).strip()
    if not text:
        raise Refused(INVALID, f"{field}: may not be empty")
    if len(text) > limits.name:
        raise Refused(TOO_LONG, f"{field}: {len(text)} characters, at most {limits.name}")
    _no_controls(text, field, allowed=frozenset())
    if not text.isascii() and not _TURNING.isdisjoint(text):
        raise Refused(INVALID, f"{field}: may not contain signs that change the writing direction")
    return text


def nickname(value: Any, limits: Limits, field: str = "nickname") -> str:
    """A nickname, trimmed; `Unnamed` for none or an empty one. Raises Refused, naming *field*."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return UNNAMED
    return name(value, field, limits)


def optional_name(value: Any, field: str, limits: Limits) -> str | None:
    return None if value is None else name(value, field, limits)


def room_or_lobby(value: Any, limits: Limits) -> str:
    """The room that a field names; the lobby if it is absent. Raises Refused."""
    return LOBBY if value is None else name(value, "room", limits)


def text(value: Any, limits: Limits) -> str:
    """A message's text as it is. Raises Refused."""
    message = _string(value, "message")
    if not message or message.isspace():
        raise Refused(INVALID, "message: may not be empty")
    _no_controls(message, "message", allowed=_LINE_CONTROLS)
    size = len(message) if message.isascii() else len(message.encode())
    if size > limits.text:
        raise Refused(TOO_LONG, f"message: {size} bytes, at most {limits.text}")
    return message


def key(value: Any) -> str | None:
    """An idempotency key. Raises Refused."""
    if value is None:
        return None
    chosen = _string(value, "key")
    if not 1 <= len(chosen) <= KEY_LIMIT:
        raise Refused(INVALID, f"key: {len(chosen)} characters, 1 to {KEY_LIMIT} are expected")
    _no_controls(chosen, "key", allowed=frozenset())
    return chosen


def position(value: Any, field: str) -> Position | None:
    """A message's id. Raises Refused."""
    if value is None:
        return None
    try:
        return Position.parse(_string(value, field))
    except MalformedError as error:
        raise Refused(INVALID, f"{field}: {error}") from error


def limit(value: Any) -> int:
    """How many messages of the history. Raises Refused."""
    if value is None:
        return HISTORY_DEFAULT
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= HISTORY_LIMIT:
        raise Refused(INVALID, f"limit: a number from 1 to {HISTORY_LIMIT} is expected")
    return value


def flag(value: Any, field: str) -> bool:
    """Raises Refused."""
    if not isinstance(value, bool):
        raise Refused(INVALID, f"{field}: true or false is expected")
    return value


def _string(value: Any, field: str) -> str:
    if value is None:
        raise Refused(INVALID, f"{field}: is missing")
    if not isinstance(value, str):
        raise Refused(INVALID, f"{field}: a text is expected")
    return value


def _no_controls(value: str, field: str, *, allowed: frozenset[str]) -> None:
    if value.isascii() and value.isprintable():
        return
    for sign in value:
        if unicodedata.category(sign) in _FORBIDDEN and sign not in allowed:
            number = f"U+{ord(sign):04X}"
            raise Refused(INVALID, f"{field}: may not contain the control character {number}")
