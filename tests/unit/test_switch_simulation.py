"""Changes of the fan-out while gateways come, die and are slow, and controllers die, too."""

from __future__ import annotations

from random import Random

import pytest

from chatcluster.core.switch_plan import Phase
from tests.unit.switch_world import NEW, OLD, OTHER, World

STEPS = 800
TURNS = 40  # of a controller without faults, a second each


def agreed(world: World) -> set[tuple[int, str]]:
    assert all(node.switch.previous is None for node in world.live)
    return {(node.switch.epoch, str(node.switch.target)) for node in world.live}


@pytest.mark.parametrize("seed", range(80))
def test_whoever_publishes_is_heard_by_all_who_are_there(seed):
    """One controller at a time, which may die at any moment; no order comes after its turn."""
    random = Random(seed)
    world = World(random, late=False)
    controller, wanted = None, NEW
    for _ in range(STEPS):
        if random.random() < 0.15:
            if controller is None or random.random() < 0.03:
                wanted = random.choice((OLD, NEW, OTHER))
                controller = world.turning(wanted)
            if next(controller, None) is None:
                controller = world.turning(wanted)
        else:
            world.step()
        assert world.deaf() == []


@pytest.mark.parametrize("seed", range(80))
def test_when_faults_end_all_come_to_use_the_same(seed):
    """Whatever two controllers with different wishes and a network without mercy left behind."""
    random = Random(seed)
    world = World(random, late=True)
    controllers = [world.turning(NEW), world.turning(OTHER)]
    for _ in range(STEPS):
        if random.random() < 0.15:
            index = random.randrange(2)
            if random.random() < 0.1 or next(controllers[index], None) is None:
                controllers[index] = world.turning(random.choice((OLD, NEW, OTHER)))
        else:
            world.step()
    wanted = random.choice((OLD, NEW, OTHER))
    for _ in range(3):  # what did not work when there were faults may call it off once more
        if (reached := world.calm(wanted, TURNS)).done:
            break
    assert reached.done, reached
    [(_, target)] = agreed(world)
    assert target == str(wanted)
    assert all(node.switch.next is None for node in world.live)
    assert world.deaf() == []


@pytest.mark.parametrize("seed", range(50))
def test_a_change_to_what_does_not_work_is_called_off_and_changes_nothing(seed):
    random = Random(seed)
    world = World(random, late=False)
    world.broken.add(NEW.mode)
    controller = world.turning(NEW)
    for _ in range(STEPS):
        if random.random() < 0.15 and next(controller, None) is None:
            controller = world.turning(NEW)
        elif random.random() < 0.8:
            world.step()
    assert agreed(world) == {(0, str(OLD))}
    reached = world.calm(NEW, TURNS)
    assert reached.phase is Phase.CALLED_OFF
    assert "no answer" in reached.reason
    assert agreed(world) == {(0, str(OLD))}
    assert world.calm(OLD, TURNS).done
    assert agreed(world) == {(0, str(OLD))}
