"""Any argument of an event as JSON, and back.

What JSON has no form for is written as an object with one key:

    {"$binary": "<base64>"}              bytes
    {"$date": "2026-07-14T12:30:15Z"}    a moment; any ISO 8601 form that has a timezone is read
    {"$escaped": {"$date": ...}}         an object of a client that only looks like one of these
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from math import isfinite
from typing import Any

import orjson

from chatcluster.core.errors import MalformedError

_BINARY, _DATE, _ESCAPED = "$binary", "$date", "$escaped"
_SPECIAL = frozenset((_BINARY, _DATE, _ESCAPED))


def dump(value: Any) -> bytes:
    """JSON text of any JSON value, bytes and datetimes with a timezone.

    NaN and the infinities become null, as JavaScript writes them. Raises MalformedError for
    anything else, and for integers beyond 64 bits.
    """
    try:
        plain = _plain(value)
        try:
            return orjson.dumps(plain)
        except TypeError:
            # Half a surrogate pair, which JavaScript's text may hold, can only be escaped.
            return json.dumps(plain, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise MalformedError(f"cannot be sent: {error}") from error


def load(text: bytes) -> Any:
    """The inverse of `dump`. Raises MalformedError, which says what is wrong."""
    try:
        try:
            value = orjson.loads(text)
        except orjson.JSONDecodeError:
            if b"\\u" not in text:
                raise
            value = json.loads(text, parse_constant=_refuse)
        return _special(value)
    except RecursionError as error:
        raise MalformedError("not JSON that can be read: it is nested too deeply") from error
    except ValueError as error:
        raise MalformedError(f"not JSON: {error}") from error


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        plain = {_key(key): _plain(item) for key, item in value.items()}
        return {_ESCAPED: plain} if _looks_special(plain) else plain
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, bytes | bytearray | memoryview):
        return {_BINARY: b64encode(value).decode()}
    if isinstance(value, datetime):
        return {_DATE: _moment(value)}
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        raise ValueError("an integer beyond 64 bits")
    return value


def _moment(value: datetime) -> str:
    if value.tzinfo is None:
        raise ValueError("a date without a timezone")
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError(f"the key {key!r} is no text")
    return key


def _special(value: Any) -> Any:
    if isinstance(value, list):
        return [_special(item) for item in value]
    if not isinstance(value, dict):
        return value
    if _looks_special(value):
        ((kind, content),) = value.items()
        return _READ[kind](content)
    return {key: _special(item) for key, item in value.items()}


def _looks_special(value: dict[str, Any]) -> bool:
    return len(value) == 1 and not _SPECIAL.isdisjoint(value)


def _bytes(content: Any) -> bytes:
    try:
        return b64decode(content, validate=True)
    except (TypeError, ValueError) as error:
        raise MalformedError(f"{_BINARY}: base64 is expected ({error})") from error


def _date(content: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(content)
    except (TypeError, ValueError) as error:
        raise MalformedError(f"{_DATE}: a time as in ISO 8601 is expected ({error})") from error
    if moment.tzinfo is None:
        raise MalformedError(f"{_DATE}: a timezone is expected, such as the Z of 12:30:15Z")
    return moment


def _as_it_is(content: Any) -> Any:
    if not isinstance(content, dict):
        raise MalformedError(f"{_ESCAPED}: an object is expected")
    return {key: _special(item) for key, item in content.items()}


_READ: dict[str, Callable[[Any], Any]] = {_BINARY: _bytes, _DATE: _date, _ESCAPED: _as_it_is}


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")
