"""Who of the other gateways is there."""

from __future__ import annotations

from collections.abc import Set

BEATS = 3  # that a gateway may miss


class Attendance:
    """The other gateways, as their beats tell.

    Silence is counted in this gateway's own beats that came back through the carrier, and not in
    seconds: while the carrier, or this gateway itself, stands still, nobody is missed.
    """

    def __init__(self) -> None:
        self._beats = 0
        self._heard: dict[str, int] = {}  # by origin: the count of own beats at its last beat
        self._known_at = 0
        self.greet()

    @property
    def all_known(self) -> bool:
        """Everybody who was there at the last greeting had a whole beat's time to answer."""
        return self._beats >= self._known_at

    @property
    def others(self) -> Set[str]:
        return self._heard.keys()

    def greet(self) -> None:
        """A beat that asks for an answer is about to be sent."""
        self._known_at = self._beats + 2  # that beat, and the one after it

    def interrupted(self) -> None:
        """The carrier was away: others may need a while longer to find it again."""
        self._heard = dict.fromkeys(self._heard, self._beats + BEATS)
        self.greet()

    def heard(self, origin: str) -> None:
        """A beat of another gateway came."""
        self._heard[origin] = self._beats

    def left(self, origin: str) -> None:
        """It said goodbye."""
        self._heard.pop(origin, None)

    def came_back(self) -> list[str]:
        """A beat of our own came back through the carrier; those who have gone without a word."""
        self._beats += 1
        gone = [origin for origin, at in self._heard.items() if self._beats - at > BEATS]
        for origin in gone:
            del self._heard[origin]
        return gone
