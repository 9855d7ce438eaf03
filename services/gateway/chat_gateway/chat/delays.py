"""How long messages take to the clients of this gateway."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from chatcluster.core.counting import Distribution
from chatcluster.fanout.metered import ELSEWHERE, HERE

AHEAD_SECONDS = 0.1  # more than clocks differ that are kept in time


class Delays:
    """Seconds from when a gateway took a message to when clients here were written to, by whether
    it was this gateway, which is called *dyno*. For another one's messages both clocks are in it:
    the message carries the time of the one that took it. What seems to have come before it was
    taken counts as 0 seconds; `ahead` is how many did by more than AHEAD_SECONDS.
    """

    def __init__(self, dyno: str) -> None:
        self._here, self._elsewhere = Distribution(), Distribution()
        self.by_source = {HERE: self._here, ELSEWHERE: self._elsewhere}
        self.ahead = 0
        self._dyno = dyno

    def measure(self, chat: Mapping[str, Any], now: float) -> None:
        """*chat* goes out *now*, in seconds since 1970. What other programs wrote may have any
        time, or none.
        """
        taken = chat.get("time")
        if type(taken) is not float or not math.isfinite(taken):
            return
        seconds = now - taken
        if seconds < 0.0:
            if seconds < -AHEAD_SECONDS:
                self.ahead += 1
            seconds = 0.0
        (self._here if chat.get("dyno") == self._dyno else self._elsewhere).add(seconds)
