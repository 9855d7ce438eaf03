"""What the page says to those who are put out, whatever the reason that was given has in it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.browser.conftest import Arrive
from tests.browser.test_hostile_fields import HOSTILE, unbroken
from tests.browser.visitor import PATIENCE, Visitor
from tests.e2e.lone_gateway import lone_gateway
from tests.e2e.moderators import order
from tests.gateways import Program

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(90),
    pytest.mark.asyncio(loop_scope="session"),
]

HERE = {"address": "127.0.0.1"}
MARKUP = HOSTILE[0]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    with lone_gateway(tmp_path_factory.mktemp("moderated")) as program:
        yield program


@pytest_asyncio.fixture(loop_scope="session")
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def toasted(visitor: Visitor, text: str) -> None:
    toast = visitor.page.locator(".toast").filter(has_text=text)
    await expect(toast.first).to_be_visible(timeout=PATIENCE)


async def put_out(visitor: Visitor, why: str) -> None:
    """It says so, and why, and does not come back by itself."""
    await expect(visitor.page.locator("#status")).to_have_text("Put out", timeout=PATIENCE)
    await expect(visitor.page.locator("#banner")).to_contain_text(why, timeout=PATIENCE)


async def test_who_is_put_out_is_told_why_and_stays_out_until_it_wants_to_come_back(
    arrive: Arrive, gateway: Program, http: aiohttp.ClientSession
) -> None:
    ada = await arrive(gateway, "Ada")
    back = ada.page.get_by_role("button", name="Come back")
    await order(http, gateway, "kick", who=HERE, reason="Calm down, please")
    await put_out(ada, "you were put out of the chat: Calm down, please")
    assert gateway.stats()["connections"] == 0
    await ada.say("written meanwhile")
    await back.click()
    await ada.connected()
    await expect(back).to_be_hidden()
    await ada.nothing_pending()

    await order(http, gateway, "ban", who=HERE, seconds=3600, reason="spam")
    await put_out(ada, "more seconds: spam")
    await back.click()
    await put_out(ada, "more seconds: spam")
    await order(http, gateway, "unban", who=HERE)
    await back.click()
    await ada.connected()
    await ada.sees("written meanwhile")


async def test_every_reason_is_shown_as_text(
    arrive: Arrive, gateway: Program, http: aiohttp.ClientSession
) -> None:
    ada = await arrive(gateway, "Ada")
    for text in HOSTILE:
        await order(http, gateway, "mute", who=HERE, room="", reason=text)
        await toasted(ada, f"you may not say anything in the lobby: {text}")
    await ada.say("not sent")
    failed = ada.line("not sent")
    await expect(failed).to_contain_text("you may not say anything in the lobby", timeout=PATIENCE)
    await order(http, gateway, "unmute", who=HERE, room="")
    await ada.create_room("tea")
    await order(http, gateway, "kick", who=HERE, room="tea", reason=MARKUP)
    await toasted(ada, f"“tea”: you were put out of the room: {MARKUP}")
    await order(http, gateway, "close", room="", reason=MARKUP)
    await expect(ada.page.locator("#log-start")).to_contain_text(MARKUP, timeout=PATIENCE)
    await order(http, gateway, "open", room="")
    await order(http, gateway, "kick", who=HERE, reason=MARKUP)
    await put_out(ada, MARKUP)
    await unbroken(ada)
