"""MessagePack as notepack.io 3.0.1 reads and writes it, which Node's adapters and emitters use.

Integers beyond 2**53 arrive whole in Python and rounded in JavaScript. JavaScript's text may hold
half a surrogate pair, which is not Unicode: it goes through as it is where that is possible.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgpack
import msgspec

from chatcluster.core.errors import MalformedError

_1970 = datetime(1970, 1, 1, tzinfo=UTC)


def pack(value: Any) -> bytes:
    """Any JSON value, bytes and datetimes with a timezone. Raises MalformedError for the rest."""
    try:
        packed: bytes = _PACKER.pack(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise MalformedError(f"cannot be sent: {error}") from error
    return packed


def is_plain(values: Iterable[Any]) -> bool:
    """Whether `pack_plain` may have them: no values but what JSON has besides lists and objects."""
    return _PLAIN.issuperset(map(type, values))


def pack_plain(value: Any) -> bytes:
    """`pack` for what is made of lists, dictionaries and plain values only, in a third of the time.
    Raises MalformedError.
    """
    try:
        return _ENCODER.encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return pack(value)  # half surrogate pairs, and what is wrong


def unpack(data: bytes) -> Any:
    """The inverse of `pack`, also for what notepack.io 2 wrote. Raises MalformedError."""
    try:
        return _DECODER.decode(data)
    except (ValueError, TypeError, OverflowError, RecursionError):
        return _unpack_unusual(data)


def _unpack_unusual(data: bytes) -> Any:
    """What msgspec refuses, or what is wrong with it."""
    try:
        try:
            return _unpack(data, "surrogatepass")
        except UnicodeDecodeError:
            # `utf8Write` in lib/encode.js: half a pair can spoil the character after it.
            return _unpack(data, "replace")
    except (ValueError, TypeError, OverflowError, msgpack.UnpackException) as error:
        raise MalformedError(f"not MessagePack: {error}") from error


def _unpack(data: bytes, unicode_errors: str) -> Any:
    return msgpack.unpackb(
        data,
        raw=False,
        timestamp=3,
        strict_map_key=False,
        ext_hook=_extension,
        unicode_errors=unicode_errors,
    )


def extension(code: int, data: memoryview) -> Any:
    """For decoders of msgspec."""
    return _extension(code, bytes(data))


def _extension(code: int, data: bytes) -> Any:
    """The extensions of notepack.io 2, which version 3 still reads (lib/decode.js)."""
    if code != 0:
        return msgpack.ExtType(code, data)
    if len(data) == 1:  # undefined
        return None
    if len(data) == 8:
        return _1970 + timedelta(milliseconds=int.from_bytes(data, "big", signed=True))
    return data  # an ArrayBuffer


# msgspec would write sets, and datetimes without a timezone, in a form of its own.
_PACKER = msgpack.Packer(use_bin_type=True, datetime=True, unicode_errors="surrogatepass")
_PLAIN = frozenset((str, int, float, bool, type(None)))
_ENCODER = msgspec.msgpack.Encoder()
# Several times as fast as msgpack, which is kept for what this refuses.
_DECODER = msgspec.msgpack.Decoder(ext_hook=extension)
