"""Publishing through Redis, and storing in it what is published in the same step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from chatcluster.connections.redis_append import storing
from chatcluster.connections.redis_carrier import RedisCarrier
from chatcluster.connections.redis_exchange import ReplyError
from chatcluster.connections.redis_link import RefusedError
from chatcluster.connections.redis_pair import Words
from chatcluster.core.append import Append, Unstored, for_store
from chatcluster.core.envelope import Envelope
from chatcluster.core.position import Position


class Publisher:
    """Sends what *encode* makes of envelopes through *carrier*.

    What is `Unstored` is appended to its room's log by the script that publishes it: one step for
    the server, one round trip, and on the carrier's own connection, so that it keeps its place
    among what else this gateway publishes. `store` is where that log has to be.
    """

    def __init__(
        self,
        carrier: RedisCarrier,
        encode: Callable[[Envelope], Words],
        store: object | None,
    ) -> None:
        self._carrier = carrier
        self._encode = encode
        self.store = store
        self._loaded_on = 0  # which of the carrier's connections was told the script

    async def publish(self, envelopes: Sequence[Envelope]) -> None:
        """As the port says."""
        if not (envelopes := for_store(envelopes, self.store)):
            return
        commands = [self._encode(envelope) for envelope in envelopes]
        appends: list[Append | None] = [
            one.append if type(one) is Unstored else None for one in envelopes
        ]
        for nth, append in enumerate(appends):
            if append is not None:
                commands[nth] = storing(append, commands[nth])
        loads = self._loads(appends)
        for append in appends:
            if append is not None:
                append.sent = True
        try:
            replies = await self._carrier.send([*loads, *commands])
        except RefusedError as error:
            if not error.replies:
                raise
            replies = error.replies
        self._settle(appends, replies[len(loads) :])

    def _loads(self, appends: Sequence[Append | None]) -> Sequence[Words]:
        """What makes the script known to a server that may not know it: in front of the first
        message that needs it. A message that is refused since it is not known is stored later, and
        would come after what followed it.
        """
        append = next(filter(None, appends), None)
        if append is None or self._loaded_on == self._carrier.connections:
            return ()
        self._loaded_on = self._carrier.connections
        return [(b"SCRIPT", b"LOAD", append.text)]

    def _settle(self, appends: Sequence[Append | None], replies: Sequence[Any]) -> None:
        """Raises FanoutError if something was not published, though it may be stored."""
        refused: RefusedError | None = None
        for append, reply in zip(appends, replies, strict=True):
            if append is None:
                problem = reply if isinstance(reply, ReplyError) else None
            elif isinstance(reply, ReplyError):
                self._not_stored(append, reply)
                continue
            else:
                problem = _stored(append, reply)
            if problem is not None:
                refused = RefusedError(problem)
        if refused is not None:
            raise refused

    def _not_stored(self, append: Append, reply: ReplyError) -> None:
        append.reason = f"Redis refused: {reply}"
        if str(reply).startswith("NOSCRIPT"):  # it was restarted, or never had the script
            append.sent = False
            append.leave_out()
            self._carrier.post([(b"SCRIPT", b"LOAD", append.text)])


def _stored(append: Append, reply: Sequence[Any]) -> ReplyError | None:
    """Note the position; returns why the message was not published, if it was not."""
    epoch, offset, repeated, *problem = reply
    append.position = Position(epoch.decode(), offset)
    append.repeated = repeated == 1
    return ReplyError(problem[0].decode()) if problem else None
