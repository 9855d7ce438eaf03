"""What gateways tell each other of moderation, in signals."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import msgspec

from chat_gateway.chat.audience import ROOMS
from chat_gateway.manager.manager import FanoutManager
from chatcluster.core.envelope import Action, Envelope
from chatcluster.core.errors import MalformedError
from chatcluster.core.sanctions import Against, Kind, Sanction

EVENT = "moderation"  # a signal in `/room`


@dataclass(frozen=True, slots=True, kw_only=True)
class Kicked:
    """One of `user`, `address` and `member` is given. `room`: None is the whole chat."""

    user: str = ""
    address: str = ""
    member: str = ""
    room: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifted:
    """The sanction against this, as `Against` has it."""

    kind: Kind
    user: str = ""
    address: str = ""
    room: str | None = None

    @property
    def against(self) -> Against:
        return Against(self.kind, self.user, self.address, self.room)


News = Sanction | Kicked | Lifted
_KINDS: dict[str, type[News]] = {"imposed": Sanction, "kicked": Kicked, "lifted": Lifted}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def signal(manager: FanoutManager, news: News) -> Envelope:
    body = asdict(news)
    args = (_NAMES[type(news)], body)
    return manager.envelope(ROOMS, Action.SIGNAL, event=EVENT, args=args)


def heard(args: tuple[Any, ...]) -> News:
    """What a signal tells. Raises MalformedError."""
    try:
        kind, body = args
        return msgspec.convert(body, _KINDS[kind])
    except (LookupError, TypeError, ValueError) as error:
        raise MalformedError(f"no news of moderation: {error}") from error
