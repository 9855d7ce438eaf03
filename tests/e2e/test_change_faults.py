"""Something dies while the fan-out is changed under 200 clients."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from chatcluster.core.switch_plan import Phase
from tests.e2e.change import Changing, Controller, target
from tests.e2e.crowd import Crowd, crowd
from tests.gateways import Program
from tests.postgres_server import Postgres
from tests.servers import Valkey

PHASES = [Phase.PREPARING, Phase.COMMITTING, Phase.FINISHING]
DOWN_SECONDS = 1.0


@dataclass
class Scene:
    """Three gateways and a crowd, in mode `hub`; the adapter's Valkey carries nothing else."""

    cluster: Changing
    controller: Controller
    people: Crowd

    def fan_out(self) -> set[str]:
        return {gateway.stats()["mode"] for gateway in self.cluster.gateways}


@contextmanager
def scene(valkey: Valkey, carrier: Valkey, postgres: Postgres, folder: Path) -> Iterator[Scene]:
    """What the crowd saw must be free of problems in the end."""
    cluster = Changing(folder, valkey, postgres, carrier, mode="hub")
    with cluster.running() as controller, crowd(cluster.urls) as people:
        people.wait_ready()
        time.sleep(0.5)
        yield Scene(cluster, controller, people)
        time.sleep(1.0)
        seen = people.finish()
        print(seen)
        assert seen["problems"] == []
        assert seen["acked"] > 100
        for program in cluster.programs:
            assert "Traceback" not in program.output(), program.output()[-5000:]


@pytest.fixture
def stage(
    valkey: Valkey, own_valkey: Valkey, postgres: Postgres, tmp_path: Path
) -> Iterator[Scene]:
    with scene(valkey, own_valkey, postgres, tmp_path) as stage:
        yield stage


def after_each_phase(stage: Scene, happens: Callable[[], None]) -> None:
    """There and back, and there again: *happens* once after the first orders of each phase."""
    for phase, name in zip(PHASES, ["adapter", "hub", "adapter"], strict=True):
        wanted = target(name)
        stage.controller.drive(wanted, until=phase)
        happens()
        change = stage.controller.drive(wanted)
        print(f"{phase}: {change.plan.phase} after {change.seconds:.2f} s {change.plan.reason}")
        if change.plan.phase is Phase.CALLED_OFF:  # before anything changed
            assert phase is Phase.PREPARING
            assert len(stage.fan_out()) == 1
            change = stage.controller.drive(wanted)
        assert change.plan.phase is Phase.STEADY
        assert stage.fan_out() == {name}
        time.sleep(0.5)


@pytest.mark.node
@pytest.mark.slow
@pytest.mark.timeout(120)
def test_a_gateway_is_killed_in_each_phase(stage: Scene) -> None:
    """And comes back in the phase that the others are in."""

    def die() -> None:
        gateway = stage.cluster.gateways[0]
        gateway.kill()
        time.sleep(DOWN_SECONDS)
        gateway.start()

    after_each_phase(stage, die)


@pytest.mark.node
@pytest.mark.slow
@pytest.mark.timeout(120)
def test_a_gateway_is_started_in_each_phase(stage: Scene) -> None:
    """It begins in that phase, and its clients miss nothing."""
    newcomers: list[Program] = []

    def come() -> None:
        newcomer = stage.cluster.gateway(4 + len(newcomers))
        newcomers.append(newcomer)
        newcomer.start()
        stage.controller.programs.append(newcomer)

    try:
        with crowd(stage.cluster.urls, clients=20, place="other") as others:
            others.wait_ready()
            after_each_phase(stage, come)
            with crowd([one.url for one in newcomers], clients=20, place="late") as late:
                late.wait_ready()
                time.sleep(1.0)
                assert late.finish()["problems"] == []
            assert others.finish()["problems"] == []
        assert {newcomer.stats()["mode"] for newcomer in newcomers} == {"adapter"}
    finally:
        for newcomer in newcomers:
            newcomer.stop()


@pytest.mark.node
@pytest.mark.slow
@pytest.mark.timeout(120)
def test_the_controller_is_killed_in_each_phase(stage: Scene) -> None:
    """Nobody drives the change for a while; another controller, which knows nothing, goes on."""

    def die() -> None:
        time.sleep(DOWN_SECONDS)
        stage.controller = Controller(stage.cluster.gateways, stage.cluster.file)

    after_each_phase(stage, die)


@pytest.mark.node
@pytest.mark.slow
@pytest.mark.timeout(120)
def test_the_new_carrier_is_killed_in_each_phase(stage: Scene) -> None:
    """Before the first commit the change is called off; afterwards it goes forward, and what is
    said meanwhile arrives when the carrier is back."""
    for phase in PHASES:
        stage.controller.drive(target("hub"))
        stage.controller.drive(target("adapter"), until=phase)
        stage.cluster.carrier.kill()
        if phase is Phase.PREPARING:
            change = stage.controller.drive(target("adapter"))
            # It may have been found ready just before.
            if change.plan.phase is Phase.CALLED_OFF:
                assert stage.fan_out() == {"hub"}
                assert change.plan.reason
        time.sleep(DOWN_SECONDS)
        stage.cluster.carrier.start()
        change = stage.controller.drive(target("adapter"))
        print(f"{phase}: {change.plan.phase} after {change.seconds:.2f} s {change.plan.reason}")
        if change.plan.phase is Phase.CALLED_OFF:
            change = stage.controller.drive(target("adapter"))
        assert change.plan.phase is Phase.STEADY
        assert stage.fan_out() == {"adapter"}
        time.sleep(0.5)


@pytest.mark.node
@pytest.mark.slow
@pytest.mark.timeout(120)
def test_the_old_carrier_is_killed_in_each_phase(stage: Scene) -> None:
    """It cannot hold up the change, which goes on without its last words."""
    for phase in PHASES:
        stage.controller.drive(target("adapter"))
        stage.controller.drive(target("hub"), until=phase)
        stage.cluster.carrier.kill()
        change = stage.controller.drive(target("hub"))
        print(f"{phase}: {change.plan.phase} after {change.seconds:.2f} s {change.plan.reason}")
        assert change.plan.phase is Phase.STEADY
        assert change.seconds < 20  # nobody waits for more than some seconds; machines are slow
        assert stage.fan_out() == {"hub"}
        stage.cluster.carrier.start()
        time.sleep(0.5)


@pytest.mark.node
@pytest.mark.slow
@pytest.mark.timeout(120)
def test_a_change_is_the_way_out_when_the_carrier_is_dead(stage: Scene) -> None:
    """It was dead before the change was begun, and stays so."""
    stage.controller.drive(target("adapter"))
    time.sleep(0.5)
    stage.cluster.carrier.kill()
    time.sleep(DOWN_SECONDS)
    change = stage.controller.drive(target("hub"))
    print(f"{change.plan.phase} after {change.seconds:.2f} s {change.plan.reason}")
    assert change.plan.phase is Phase.STEADY
    assert stage.fan_out() == {"hub"}


@pytest.mark.node
@pytest.mark.slow
@pytest.mark.timeout(120)
def test_a_carrier_that_is_not_there_calls_the_change_off(stage: Scene) -> None:
    """Nothing has changed then, and the reason names what does not answer."""
    stage.cluster.carrier.kill()
    change = stage.controller.drive(target("adapter"))
    assert change.plan.phase is Phase.CALLED_OFF
    assert "gateway" in change.plan.reason or "127.0.0.1" in change.plan.reason
    assert stage.fan_out() == {"hub"}
    print(change.plan.reason)
