"""What all gateways have answered, as far as they have."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from chat_gateway.manager.description import RemoteSocket


@dataclass(frozen=True, slots=True)
class Answered:
    """Acknowledgements that came in time, in the order in which they came.

    `missing_clients`: how many clients got the event and did not acknowledge it.
    `missing_gateways`: how many servers were there and did not answer completely, so that what
    happened to their clients is not known.
    """

    answers: list[Any]
    missing_clients: int
    missing_gateways: int

    @property
    def missing(self) -> int:
        """None means that `answers` is everything."""
        return self.missing_clients + self.missing_gateways


class Sockets(list[RemoteSocket]):
    """Clients; `missing` servers did not tell of theirs."""

    def __init__(self, sockets: Iterable[RemoteSocket], missing: int) -> None:
        super().__init__(sockets)
        self.missing = missing


class Rooms(set[str]):
    """Names of rooms; `missing` servers did not tell of theirs."""

    def __init__(self, names: Iterable[str], missing: int) -> None:
        super().__init__(names)
        self.missing = missing
