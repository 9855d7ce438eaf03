"""Of several operators one works."""

from __future__ import annotations

import asyncio
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_operator import lease
from chat_operator.lease import LEASE_SECONDS, Lease, LostError, Observed
from tests.operator.conftest import World


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(lease, "RETRY_SECONDS", 0.05)


def held(holder: str, renewed: int) -> dict[str, object]:
    return {
        "holderIdentity": holder,
        "renewTime": str(renewed),
        "leaseDurationSeconds": LEASE_SECONDS,
    }


@given(st.lists(st.tuples(st.floats(0, 20), st.booleans()), max_size=30))
def test_a_lease_is_taken_only_after_it_was_not_renewed_for_its_whole_time(looks):
    observed, now, renewed, last = Observed("me"), 0.0, 0, 0.0
    assert not observed.free(held("other", renewed), now)
    for wait, renews in looks:
        now += wait
        if renews:
            renewed, last = renewed + 1, now
        free = observed.free(held("other", renewed), now)
        assert free == (now - last >= LEASE_SECONDS)


@pytest.mark.parametrize("holder", ["me", "", None])
def test_ones_own_lease_and_one_that_was_given_back_are_free(holder):
    assert Observed("me").free({**held("x", 1), "holderIdentity": holder}, 0)


async def test_the_second_waits_until_the_first_gives_it_back(world: World, quick):
    first = Lease(world.cluster, "chat", "operator", "first")
    second = Lease(world.cluster, "chat", "operator", "second")
    await first.acquire()
    waiting = asyncio.create_task(second.acquire())
    await asyncio.sleep(0.3)
    assert not waiting.done()
    await first.release()
    began = time.monotonic()
    await waiting
    assert time.monotonic() - began < LEASE_SECONDS / 2
    spec = world.api.get("leases", "operator")["spec"]
    assert (spec["holderIdentity"], spec["leaseTransitions"]) == ("second", 2)


async def test_of_many_who_want_it_at_once_one_has_it(world: World, quick):
    candidates = [Lease(world.cluster, "chat", "operator", f"c{one}") for one in range(8)]
    world.api.put("leases", "operator", {"spec": {"holderIdentity": ""}})
    waiting = [asyncio.create_task(one.acquire()) for one in candidates]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    await asyncio.sleep(0.5)
    assert sum(task.done() for task in waiting) == 1
    for task in waiting:
        task.cancel()


async def test_whoever_cannot_renew_it_in_time_stops(world: World, quick, monkeypatch):
    monkeypatch.setattr(lease, "RENEW_SECONDS", 0.5)
    mine = Lease(world.cluster, "chat", "operator", "mine")
    await mine.acquire()
    keeping = asyncio.create_task(mine.keep())
    await asyncio.sleep(1)
    assert not keeping.done()
    world.api.refuse = 500
    with pytest.raises(LostError, match="chat/operator could not be renewed"):
        await keeping
    world.api.refuse = 0
    await mine.release()  # it is not its to give back any more
    assert world.api.get("leases", "operator")["spec"]["holderIdentity"] == "mine"
