"""Whether the operator does its work: not whether its port is open."""

from __future__ import annotations

from collections.abc import Collection

from chat_operator.look import Key

STUCK_SECONDS = 120.0  # beyond the time at which a ChatCluster should have been looked at
DEAF_SECONDS = 600.0  # without one request that the API server took: a new process may do better


class Liveness:
    """Of one process. Times are seconds of one monotonic clock."""

    def __init__(self, now: float) -> None:
        self._due: dict[Key, float] = {}
        self._heard = now
        self._listed = now
        self.working = False  # another operator holds the Lease while this is false

    @property
    def keys(self) -> Collection[Key]:
        return self._due.keys()

    def start(self, now: float) -> None:
        """The work begins."""
        self.working = True
        self._heard = self._listed = now

    def expected(self, key: Key, at: float) -> None:
        """A look at this ChatCluster should have ended then, with or without success."""
        self._due[key] = at

    def forgotten(self, key: Key) -> None:
        """It is gone."""
        self._due.pop(key, None)

    def listed(self, now: float) -> None:
        """It was tried to read which ChatClusters there are."""
        self._listed = now

    def heard(self, now: float) -> None:
        """The API server took a request."""
        self._heard = now

    def reasons(self, now: float) -> list[str]:
        """Why this process should be replaced; none if it should not."""
        if not self.working:
            return []
        late = [key for key, due in self._due.items() if now > due + STUCK_SECONDS]
        reasons = [f"{key.namespace}/{key.name} is not looked after" for key in sorted(late)]
        if now > self._listed + STUCK_SECONDS:
            reasons.append("new ChatClusters would not be seen")
        if now > self._heard + DEAF_SECONDS:
            reasons.append(f"the API server took no request for {now - self._heard:.0f} s")
        return reasons
