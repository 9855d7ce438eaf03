"""What the operator asks of others grows with what it looks after, and no faster."""

from __future__ import annotations

import pytest

from tests.operator.scale import LOOKS, cost, cost_of_change

REQUESTS = 5  # the ChatCluster, its Deployment, ConfigMap and Secret, the list of its pods


@pytest.mark.parametrize(("chats", "gateways"), [(1, 300), (10, 30)])
async def test_a_quiet_minute_is_a_few_reads_and_a_question_to_each_gateway(
    chats: int, gateways: int
) -> None:
    one = await cost(chats, gateways)
    assert one.api == LOOKS * REQUESTS * chats
    assert one.writes == 0
    assert one.admin == LOOKS * chats * gateways


async def test_ten_times_the_gateways_take_about_ten_times_the_time() -> None:
    few, many = await cost(1, 30), await cost(1, 300)
    assert many.seconds < 3 * 10 * few.seconds


async def test_a_change_of_the_mode_takes_as_many_looks_whatever_the_number_of_gateways() -> None:
    few, many = await cost_of_change(3), await cost_of_change(100)
    assert (few.api, few.writes) == (many.api, many.writes)
    assert many.admin * 3 == few.admin * 100
