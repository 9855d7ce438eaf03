"""A controller brings all gateways to what is wanted, or leaves all where they were."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import ClientTimeout, web

from chatcluster.control import gateway_admin, switching
from chatcluster.control.gateway_admin import AccessError
from chatcluster.control.pursuit import Ended, Pursuit
from chatcluster.control.switching import UnreachableError
from chatcluster.core.switch import Next, Order, Previous, Step, Switch
from chatcluster.core.switch_plan import Phase
from tests.unit.fake_gateways import HUB, OLD, REDIS, fake_cluster


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(switching, "TURN_SECONDS", 0.01)
    monkeypatch.setattr(switching, "FORWARD_SECONDS", 0.2)
    monkeypatch.setattr(gateway_admin, "AGAIN_SECONDS", 0.02)


@pytest.fixture
async def cluster():
    async with fake_cluster() as cluster:
        yield cluster


def phases(turns):
    """In their order, each once."""
    return list(dict.fromkeys(turn.plan.phase for turn in turns))


def unchanged(cluster):
    return all(one.switch.target == OLD and one.switch.next is None for one in cluster.gateways)


async def test_all_prepare_then_all_commit_then_all_finish(cluster):
    turns = await cluster.drive(REDIS)
    assert phases(turns) == [Phase.PREPARING, Phase.COMMITTING, Phase.FINISHING, Phase.STEADY]
    assert turns[-1].ended is Ended.IN_FORCE
    assert cluster.targets == [REDIS] * 3
    for gateway in cluster.gateways:
        assert gateway.heard == [Step.PREPARE, Step.COMMIT, Step.FINISH]


async def test_what_is_in_force_already_needs_no_order(cluster):
    [turn] = await cluster.drive(OLD)
    assert turn.ended is Ended.IN_FORCE
    assert [one.heard for one in cluster.gateways] == [[], [], []]


async def test_starting_gateways_find_where_to_begin_before_any_is_ordered(cluster):
    async def store(start):
        cluster.stored.append((start, [len(one.heard) for one in cluster.gateways]))

    cluster.store = store
    await cluster.drive(REDIS)
    prepared = Switch(3, OLD, next=Next(4, REDIS))
    assert cluster.stored[:3] == [
        (prepared, [0, 0, 0]),
        (prepared, [1, 1, 1]),  # those who start are not the first to commit
        (Switch(4, REDIS), [2, 2, 2]),
    ]


async def test_a_target_that_does_not_work_calls_it_off_and_says_why(cluster):
    cluster.gateways[1].error = "no Redis there"
    turns = await cluster.drive(REDIS)
    assert turns[-1].ended is Ended.CALLED_OFF
    assert turns[-1].reason == "gateway-2: no Redis there"
    assert unchanged(cluster)
    assert cluster.stored[-1] == Switch(3, OLD)


async def test_a_gateway_that_is_gone_calls_it_off_before_any_is_told(cluster):
    await cluster.gateways[1].stop()
    [turn] = await cluster.drive(REDIS)
    assert turn.ended is Ended.CALLED_OFF
    assert turn.reason == "gateway-2 does not answer (nobody listens there)"
    assert cluster.gateways[0].heard == []


async def test_one_that_is_not_ready_in_time_calls_it_off(cluster):
    cluster.gateways[2].opens = False
    turns = await cluster.drive(REDIS, timeout=0.2)
    assert turns[-1].ended is Ended.CALLED_OFF
    assert turns[-1].reason == "gateway-3: not ready within 0.2 s"
    assert unchanged(cluster)


async def test_a_gateway_that_is_restarted_meanwhile_is_waited_for(cluster):
    gateway = cluster.gateways[1]
    await gateway.stop()
    driving = asyncio.create_task(cluster.drive(REDIS, patience=5))
    await asyncio.sleep(0.1)
    await gateway.start()
    assert (await driving)[-1].ended is Ended.IN_FORCE
    assert cluster.targets == [REDIS] * 3


async def test_a_slow_gateway_is_waited_for(cluster):
    cluster.gateways[0].slow = 0.1
    assert (await cluster.drive(REDIS))[-1].ended is Ended.IN_FORCE


async def test_one_that_hangs_does_not_answer(cluster, monkeypatch):
    monkeypatch.setattr(gateway_admin, "ANSWER", ClientTimeout(total=0.1))
    cluster.gateways[0].slow = 1
    [turn] = await cluster.drive(REDIS, patience=0)
    assert turn.reason == "gateway-1 does not answer (no answer within 0.1 s)"


@pytest.mark.parametrize("wrong", ["garbage", "{}", '{"origin": 1}'])
async def test_what_answers_garbage_is_no_gateway(cluster, wrong):
    cluster.gateways[0].says = lambda: web.Response(text=wrong)
    [turn] = await cluster.drive(REDIS, patience=0)
    assert turn.reason == "gateway-1 does not answer (what answers is no gateway)"


async def test_a_gateway_of_an_older_release_does_not_answer(cluster):
    cluster.gateways[0].says = lambda: web.Response(status=404)
    [turn] = await cluster.drive(REDIS, patience=0)
    assert turn.reason == "gateway-1 does not answer (it answers 404)"


async def test_a_wrong_token_is_an_error_that_names_the_gateway(cluster):
    with pytest.raises(AccessError, match=r"gateway-1: .*CHAT_ADMIN_TOKEN"):
        await cluster.drive(REDIS, token="wrong")
    assert unchanged(cluster)


async def test_without_any_answer_nothing_is_known(cluster):
    for gateway in cluster.gateways:
        await gateway.stop()
    with pytest.raises(UnreachableError, match="gateway-1: nobody listens there; gateway-2"):
        await cluster.drive(REDIS, patience=0)


async def test_an_order_that_is_refused_is_seen_and_what_is_true_then_counts(cluster):
    """Another controller is ahead: it began a later change just now."""
    gateway = cluster.gateways[0]

    async def store(start):
        if not cluster.stored:
            gateway.switch = gateway.switch.ordered(Order(Step.PREPARE, 7, HUB))
        cluster.stored.append(start)

    cluster.store = store
    turns = await cluster.drive(REDIS)
    assert turns[0].refused == {"gateway-1": "epoch 7 is prepared here, after 4"}
    assert turns[0].reports["gateway-1"].switch.next == Next(7, HUB)
    assert "epoch 7 is prepared here" in turns[0].reason
    assert turns[-1].ended is Ended.IN_FORCE
    assert turns[-1].plan.epoch == 8


@pytest.mark.parametrize("answer", ["{}", '{"error": "no", "report": {}}', "[]", "garbage"])
async def test_a_refusal_that_is_none_is_not_believed(cluster, answer):
    """Whoever answers reports with a gateway's words, and orders with others', is seen."""
    gateway = cluster.gateways[0]

    async def store(start):
        gateway.says = lambda: web.Response(status=409, text=answer)

    cluster.store = store
    turn = await cluster.controller().turn(Pursuit(REDIS))
    assert turn.refused == {"gateway-1": "what answers is no gateway"}


async def test_one_that_dies_after_others_have_committed_is_waited_for_and_then_said(cluster):
    for gateway in cluster.gateways[:2]:
        gateway.switch = Switch(4, REDIS, previous=Previous(3, OLD))
    await cluster.gateways[2].stop()
    turns = await cluster.drive(REDIS, timeout=0.2, patience=0)
    assert turns[-1].ended is Ended.UNFINISHED
    assert turns[-1].plan.phase is Phase.FINISHING
    assert "gateway-3 does not answer" in turns[-1].reason
    assert cluster.gateways[0].switch.previous is not None


async def test_one_that_returns_into_a_committed_change_is_led_on(cluster):
    for gateway in cluster.gateways[:2]:
        gateway.switch = Switch(4, REDIS, previous=Previous(3, OLD))
    assert (await cluster.drive(REDIS))[-1].ended is Ended.IN_FORCE
    assert cluster.targets == [REDIS] * 3


@pytest.mark.parametrize("turns", range(4))
async def test_a_controller_that_was_killed_and_started_again_goes_on(cluster, turns):
    driving = cluster.controller().drive(REDIS, timeout=5)
    for _ in range(turns):
        await anext(driving)
    await driving.aclose()
    await cluster.drive(REDIS)
    assert cluster.targets == [REDIS] * 3
    assert {one.switch.epoch for one in cluster.gateways} == {4}
    for gateway in cluster.gateways:
        assert [gateway.heard.count(step) for step in Step][:2] == [1, 1]


@pytest.mark.parametrize("turns", range(5))
async def test_whoever_wants_back_gets_back_from_everywhere(cluster, turns):
    driving = cluster.controller().drive(REDIS, timeout=5)
    for _ in range(turns):
        if (await anext(driving)).ended:
            break
    await driving.aclose()
    assert (await cluster.drive(OLD))[-1].ended is Ended.IN_FORCE
    assert unchanged(cluster)


async def test_two_controllers_of_one_mind_do_it_once(cluster):
    both = await asyncio.gather(cluster.drive(REDIS), cluster.drive(REDIS))
    assert [turns[-1].ended for turns in both] == [Ended.IN_FORCE] * 2
    assert {one.switch.epoch for one in cluster.gateways} == {4}


async def test_what_another_controller_committed_is_not_called_off(cluster):
    """It is found out only when the call-off is given; then the change goes forward."""
    cluster.gateways[2].error = "no Redis there"

    async def store(start):
        if start == Switch(3, OLD):  # it was decided to call it off
            cluster.gateways[2].error = ""
            cluster.gateways[0].switch = Switch(4, REDIS, previous=Previous(3, OLD))
        cluster.stored.append(start)

    cluster.store = store
    turns = await cluster.drive(REDIS)
    assert Phase.CALLED_OFF in phases(turns)
    assert turns[-1].ended is Ended.IN_FORCE
    assert cluster.targets == [REDIS] * 3
