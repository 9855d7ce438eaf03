"""How fast clients may send, alone and together with their user's other connections."""

from __future__ import annotations

import time
from collections.abc import Callable

from chat_gateway.limits.tally import Tally
from chatcluster.core import codes
from chatcluster.core.errors import Refused
from chatcluster.core.rate import Rate, Rates

UNLIMITED = Rate.of(0.0, 0)
BATCH = 16  # packets that are paid for together: to look at the clock for each would cost more
USERS = 50_000  # whose rates are remembered, so that nobody begins anew by connecting anew


class Account:
    """What a user's connections to this gateway have in common."""

    __slots__ = ("connections", "user")

    def __init__(self, user: str) -> None:
        self.user = user
        self.connections = 0


class Sender:
    """What limits have to remember of a connection."""

    __slots__ = ("account", "credit", "place", "spent", "strained")

    def __init__(self, place: str | None) -> None:
        self.place = place  # at the gate, which gets it back
        self.account: Account | None = None  # of its user
        self.credit = 0  # packets that are paid for, and have not come yet
        self.spent = 0.0  # on packets, as `Rate` has it
        self.strained = 0.0  # by packets that were refused


class Flow:
    """*client* limits what one connection sends, *user* what all of a user's send.

    Who goes on after a refusal is borne with as long as it is refused no more often than *client*
    allows.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        *,
        client: Rate = UNLIMITED,
        user: Rate = UNLIMITED,
        connections_per_user: int = 0,
    ) -> None:
        self._clock = clock
        self._client = client
        self._users = Rates(user, most=USERS)
        self._connections = Tally(connections_per_user)
        self._most = connections_per_user
        self._accounts: dict[str, Account] = {}

    @property
    def users(self) -> int:
        """Those who are connected here."""
        return len(self._accounts)

    def takes(self, sender: Sender) -> bool:
        """Whether one more packet of *sender*, which has no credit, is to be handled; it may have
        got credit for some that follow.
        """
        now = self._clock()
        return self._pays(sender, now, BATCH) or self._pays(sender, now, 1)

    def bears(self, sender: Sender) -> bool:
        """Whether *sender*, of which a packet was not taken, is told so once more."""
        strained = self._client.spend(sender.strained, self._clock())
        if strained is None:
            return False
        sender.strained = strained
        return True

    def _pays(self, sender: Sender, now: float, many: int) -> bool:
        spent = self._client.spend(sender.spent, now, many)
        if spent is None:
            return False
        account = sender.account
        if account is not None and not self._users.spend(account.user, now, many):
            return False
        sender.spent = spent
        sender.credit = many - 1
        return True

    def identify(self, sender: Sender, user: str) -> None:
        """The connection is *user*'s from now on. Raises Refused for one too many."""
        if sender.account is not None:
            if sender.account.user == user:
                return
            self.forget(sender)
        if not self._connections.take(user):
            raise Refused(codes.USER_FULL, f"a user may have {self._most} connections to a gateway")
        account = self._accounts.get(user)
        if account is None:
            account = self._accounts[user] = Account(user)
        account.connections += 1
        sender.account = account
        # What it has paid for before it said whose it is would be sent at nobody's expense, with
        # each new connection again.
        if sender.credit and not self._users.spend(user, self._clock(), sender.credit):
            sender.credit = 0

    def forget(self, sender: Sender) -> None:
        """The connection is nobody's any more."""
        account, sender.account = sender.account, None
        if account is None:
            return
        self._connections.give(account.user)
        account.connections -= 1
        if not account.connections:
            del self._accounts[account.user]


def too_fast() -> Refused:
    """What a client is told about a packet that was not taken."""
    return Refused(codes.TOO_FAST, "too many events: wait a moment, then send it again")
