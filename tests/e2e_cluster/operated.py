"""A release with its operator, by its ChatCluster."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import Any

from tests.chart.chart import Values
from tests.e2e.crowd import Crowd, crowd
from tests.e2e_cluster.kubectl import Object, wait_until
from tests.e2e_cluster.release import Release

PERCENT, RECONNECT = 20, 2  # of clients that may be on their way at once, and for how many seconds
OPERATED: Values = {
    "cluster": {
        "drain": {"maxMovingPercent": PERCENT, "reconnectSeconds": RECONNECT},
        "fanout": {"acceptSplitUsers": True, "retrySeconds": 5},
        # A test that wants it says so: it moves clients after others' gateways came and went.
        "rebalance": {"enabled": False},
    },
    "gateway": {"leaving": {"settleSeconds": 1, "drainSeconds": 3}},
    "hub": {"replicas": 1},
    "postgres": {"bundled": {"enabled": True}},
}
OPERATOR = "app.kubernetes.io/component=operator"


class Operated:
    """What is wanted of the chat of *release*, and what its status says."""

    def __init__(self, release: Release) -> None:
        self.release = release
        self.kubectl = release.namespace.kubectl
        self.name = f"chatcluster/{release.base}"

    @property
    def body(self) -> Object:
        found: Object = json.loads(self.kubectl("get", self.name, "--output=json"))
        return found

    @property
    def status(self) -> Object:
        status: Object = self.body.get("status", {})
        return status

    def can_be_asked(self) -> bool:
        """Whether the API server answers."""
        with suppress(AssertionError):
            return bool(self.body)
        return False

    def condition(self, kind: str) -> Object:
        return next(one for one in self.status["conditions"] if one["type"] == kind)

    def wish(self, **spec: Any) -> None:
        """Change the spec as a person does, with `kubectl apply`; what is not named stays."""
        body = self.body
        for name, part in spec.items():
            body["spec"][name] = {**body["spec"].get(name, {}), **part}
        self.make(body)

    def make(self, body: Object) -> None:
        """Such a ChatCluster, without what only the API server writes."""
        metadata = {key: body["metadata"][key] for key in ("name", "namespace", "labels")}
        kept = {key: body[key] for key in ("apiVersion", "kind", "spec")}
        self.kubectl("apply", "--filename=-", stdin=json.dumps({**kept, "metadata": metadata}))

    def patch(self, name: str, body: Object) -> None:
        self.kubectl("patch", name, "--type=merge", f"--patch={json.dumps(body)}")

    def change_mode(self, mode: str) -> None:
        self.wish(fanout={"mode": mode})

    def wait(self, condition: str, seconds: int = 60) -> None:
        """As scripts do: a condition that is about an older spec does not count."""
        self.kubectl(
            "wait", self.name, f"--for=condition={condition}", f"--timeout={seconds}s", seconds=90
        )

    def wait_in_force(self, mode: str, seconds: int = 60) -> None:
        self.wait("FanoutReady", seconds)
        assert self.status["fanout"]["mode"] == mode

    def scale(self, replicas: int) -> None:
        self.kubectl("scale", self.name, f"--replicas={replicas}")

    def settled(self, gateways: int) -> bool:
        status = self.status
        counts = (status.get("replicas"), status.get("ready"), status.get("draining"))
        pods = self.release.namespace.names("pods", "app.kubernetes.io/component=gateway")
        return counts == (gateways, gateways, 0) and len(pods) == gateways

    def wait_settled(self, gateways: int, seconds: float = 90) -> None:
        wait_until(lambda: self.settled(gateways), f"{gateways} gateways", seconds)

    def clients(self) -> dict[str, int]:
        """How many each gateway has that does not stop, asked through the API server."""
        namespace = self.release.namespace.name
        counts = {}
        for name in self.release.pod_names("gateway"):
            path = f"/api/v1/namespaces/{namespace}/pods/{name}:9000/proxy/stats"
            counts[name] = int(json.loads(self.kubectl("get", "--raw", path))["connections"])
        return counts

    def events(self, reason: str) -> list[str]:
        """Messages, the oldest first."""
        found = [one for one in self.release.namespace.get("events") if one["reason"] == reason]
        return [one["message"] for one in sorted(found, key=lambda one: one["firstTimestamp"])]

    def kill_operator(self) -> None:
        """As a node that dies does it: no goodbye, and the Lease is not given back."""
        before = self.release.namespace.names("pods", OPERATOR)
        self.kubectl("delete", "pod", f"--selector={OPERATOR}", "--force", "--grace-period=0")
        wait_until(
            lambda: bool(self.release.namespace.names("pods", OPERATOR) - before), "a new operator"
        )


class Watched:
    """How many clients came back until when, all the while."""

    def __init__(self, people: Crowd) -> None:
        self._people = people
        self._samples: list[tuple[float, int]] = []
        self._stop = Event()
        self._thread = Thread(target=self._watch)

    def __enter__(self) -> Watched:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def at_once(self, seconds: float) -> int:
        """The most that came back within that time."""
        return max(
            later - count
            for at, count in self._samples
            for then, later in self._samples
            if 0 <= then - at <= seconds
        )

    def _watch(self) -> None:
        while not self._stop.wait(0.1):
            self._samples.append((time.monotonic(), self._people.look()["reconnects"]))


@contextmanager
def talking(chat: Operated, clients: int = 100, *, holes: bool = False) -> Iterator[Crowd]:
    """A crowd of which nobody's acknowledged message is lost or doubled for anyone."""
    place = f"place {next(_places)} of the operator"
    with crowd([chat.release.url], clients=clients, place=place, holes=holes) as people:
        people.wait_ready()
        yield people
        wait_until(lambda: people.look()["acked"] >= clients, "enough that was said")
        seen = people.finish()
    print(seen)
    assert seen["problems"] == []


_places = itertools.count(1)
