"""A request's headers as one string: they are kept for each client, and seldom read."""

from __future__ import annotations

from collections.abc import Iterable


def fold(headers: Iterable[tuple[str, str]]) -> str:
    """Names in lower case; what is not UTF-8 is replaced, so that it can be sent on."""
    text = "\n".join(f"{name.lower()}: {value}" for name, value in headers)
    return text.encode(errors="surrogateescape").decode(errors="replace")


def unfold(text: str) -> dict[str, str]:
    """Repeated headers are joined as Node's `http` does it."""
    headers: dict[str, str] = {}
    for line in text.splitlines():
        name, _, value = line.partition(": ")
        if name in headers:
            value = f"{headers[name]}{'; ' if name == 'cookie' else ', '}{value}"
        headers[name] = value
    return headers
