"""What a soak does to a cluster, each time in another way."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from chatcluster.core.switch import Target
from chatcluster.core.switch_plan import Phase
from tests.e2e.carriers import Breakable, Carrier
from tests.e2e.change import Controller, target

TARGETS = ["hub", "postgres", "redis", "adapter:classic", "adapter:sharded", "adapter:streams"]
PHASES = [Phase.PREPARING, Phase.COMMITTING, Phase.FINISHING]


class Faults:
    """Of the cluster *stage*, chosen by *chance*. Each method returns a name for what it did."""

    def __init__(self, stage: Breakable, controller: Controller, chance: random.Random) -> None:
        self._stage = stage
        self._controller = controller
        self._chance = chance
        self.target = "adapter:classic"

    def one(self) -> str:
        """Do any of them."""
        happens: Callable[[], str] = self._chance.choice(self.all())
        return happens()

    def all(self) -> list[Callable[[], str]]:
        return [
            self.carrier_restarts,
            self.carrier_stands_still,
            self.carrier_is_cut_off,
            self.carrier_refuses,
            self.gateway_dies,
            self.mode_changes,
            self.gateway_dies_while_the_mode_changes,
            self.controller_dies_while_the_mode_changes,
            self.old_carrier_dies_while_the_mode_changes,
            self.new_carrier_dies_while_the_mode_changes,
        ]

    def carrier_restarts(self) -> str:
        self._carrier(self.target).restart(self._chance.uniform(0.0, 3.0))
        return f"carrier restarted ({self._mode})"

    def carrier_stands_still(self) -> str:
        self._carrier(self.target).freeze(self._chance.uniform(0.5, 20.0))
        return f"carrier paused ({self._mode})"

    def carrier_is_cut_off(self) -> str:
        gateway = self._chance.choice(self._stage.gateways)
        self._carrier(self.target).cut_off(gateway, self._chance.uniform(0.5, 10.0))
        return f"one gateway cut off ({self._mode})"

    def carrier_refuses(self) -> str:
        self._carrier(self.target).refuse(self._chance.uniform(1.0, 60.0))
        return f"carrier refuses ({self._mode})"

    def gateway_dies(self) -> str:
        self._kill_a_gateway()
        return f"gateway killed ({self._mode})"

    def mode_changes(self) -> str:
        wanted = self._another()
        self._drive(wanted)
        return "mode changed"

    def gateway_dies_while_the_mode_changes(self) -> str:
        return self._while_it_changes("gateway killed", self._kill_a_gateway)

    def controller_dies_while_the_mode_changes(self) -> str:
        def die() -> None:
            self._controller = Controller(self._stage.gateways, self._stage.cluster.file)
            time.sleep(self._chance.uniform(0.0, 2.0))

        return self._while_it_changes("controller killed", die)

    def old_carrier_dies_while_the_mode_changes(self) -> str:
        old = self._carrier(self.target)
        return self._while_it_changes("old carrier restarted", lambda: self._restart(old))

    def new_carrier_dies_while_the_mode_changes(self) -> str:
        wanted = self._another()
        new = self._carrier(wanted)
        return self._while_it_changes("new carrier restarted", lambda: self._restart(new), wanted)

    def _while_it_changes(
        self, what: str, happens: Callable[[], None], wanted: str | None = None
    ) -> str:
        wanted = wanted or self._another()
        phase = self._chance.choice(PHASES)
        self._controller.drive(target(wanted), until=phase)
        happens()
        self._drive(wanted)
        return f"mode changed, {what} while {phase}"

    def _drive(self, wanted: str) -> None:
        change = self._controller.drive(target(wanted))
        self.target = _name(change.plan.start.target)

    def _restart(self, carrier: Carrier) -> None:
        carrier.restart(self._chance.uniform(0.0, 2.0))

    def _kill_a_gateway(self) -> None:
        gateway = self._chance.choice(self._stage.gateways)
        gateway.kill()
        time.sleep(self._chance.uniform(0.0, 2.0))
        gateway.start(wait=False)

    def _another(self) -> str:
        return self._chance.choice([one for one in TARGETS if one != self.target])

    def _carrier(self, name: str) -> Carrier:
        return self._stage.carriers[name.partition(":")[0]]

    @property
    def _mode(self) -> str:
        return self.target.partition(":")[0]


def _name(found: Target) -> str:
    protocol = found.options.get("adapter_protocol")
    return f"{found.mode}:{protocol}" if protocol else found.mode
