"""Clients that stand before the judge that settings ask for."""

from __future__ import annotations

from typing import Any

import pytest

from chat_gateway.access.identity import Identity
from chat_gateway.access.judging import Asked, Judge
from chatcluster.core.errors import Refused
from chatcluster.runtime.settings import GatewaySettings, load


def settings(**given: object) -> GatewaySettings:
    return load(GatewaySettings, name="gateway-1", **given)


def asked(renewal: bool = False, **auth: Any) -> Asked:
    return Asked(auth, "/", "192.0.2.1", "https://chat.example.org", "a browser", renewal)


async def judged(judge: Judge, **auth: Any) -> Identity:
    return await judge.judge(asked(**auth))


async def refused(judge: Judge, **auth: Any) -> Refused:
    with pytest.raises(Refused) as error:
        await judged(judge, **auth)
    return error.value
