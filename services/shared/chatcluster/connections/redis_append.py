"""The command that stores a message and publishes it with the position that it got."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import msgspec

from chatcluster.core.append import Append
from chatcluster.core.errors import MalformedError

Words = Sequence[bytes]


class _Form(NamedTuple):
    """How a position is written: as text, and as a pair of epoch and offset."""

    name: bytes
    text: bytes
    pair: bytes


def storing(append: Append, words: Words) -> Words:
    """*words*, a command, as the last step of *append*'s script. Raises MalformedError if the
    position's place is written in a way that the script does not know.
    """
    place, json, packed = _forms(append.place.epoch)
    form, marks = json, []
    args: list[bytes] = []
    for word in words:
        if place not in word:
            marks.append("=,")
            args.append(word)
            continue
        form = json if word[:1] == b"{" else packed
        marks.append(_split(word, form, args))
        if word.count(place) != marks[-1].count("i") + marks[-1].count("p"):
            raise MalformedError("there is no telling where the position belongs")
    head = (b"EVALSHA", append.sha, b"%d" % len(append.keys), *append.keys, *append.args)
    return *head, form.name, "".join(marks).encode(), *args


def _split(word: bytes, form: _Form, args: list[bytes]) -> str:
    """The marks of *word*; what is between the places is added to *args*."""
    texts = []
    for part in word.split(form.text):
        pieces = part.split(form.pair)
        args += pieces
        texts.append("p".join("=" * len(pieces)))
    return "i".join(texts) + ","


@lru_cache(maxsize=8)
def _forms(epoch: str) -> tuple[bytes, _Form, _Form]:
    """What all of them contain, then JSON's form and MessagePack's."""
    pack = msgspec.msgpack.encode
    text = f"{epoch}-0"
    return (
        epoch.encode(),
        _Form(b"json", f'"{text}"'.encode(), f'["{epoch}",0]'.encode()),
        _Form(b"msgpack", pack(text), pack([epoch, 0])),
    )
