"""The page where gateways ask who one is."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Arrive
from tests.browser.visitor import PATIENCE, Visitor
from tests.e2e.lone_gateway import lone_gateway
from tests.gateways import Program
from tests.issuers import Issuer

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(90),
    pytest.mark.asyncio(loop_scope="session"),
]

ISSUER = Issuer("HS256")
LIFE = 5.0  # seconds of a token that is to end


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    with lone_gateway(
        tmp_path_factory.mktemp("signing-in"),
        auth="jwt",
        auth_key=ISSUER.keys(),
        auth_audience="chat",
        auth_leeway=0,
        auth_expiring_seconds=3,
    ) as gateway:
        yield gateway


async def sign_in(visitor: Visitor, token: str) -> None:
    await visitor.page.get_by_label("Your token").fill(token)
    await visitor.page.keyboard.press("Enter")


async def bring(visitor: Visitor, token: str) -> None:
    """As a page that logs people in does it, into the address of the open page."""
    await visitor.page.evaluate("token => { location.hash = `token=${token}` }", token)


async def test_a_token_in_the_address_signs_in_and_leaves_it(
    arrive: Arrive, gateway: Program
) -> None:
    ada = await arrive(gateway, "", token=ISSUER.token("ada"), room="tea")
    assert "token" not in ada.page.url
    await expect(ada.page.get_by_role("heading", level=1)).to_have_text("tea")
    await expect(ada.page.locator("#my-name")).to_have_text("Ada")
    await ada.say("hello")
    await expect(ada.page.locator("#people")).to_contain_text("Ada")
    await ada.page.reload()
    await ada.connected()  # the tab remembers it
    await expect(ada.page.locator("#my-name")).to_have_text("Ada")


async def test_who_has_no_token_is_asked_for_one_and_told_what_is_wrong_with_it(
    arrive: Arrive, gateway: Program
) -> None:
    bob = await arrive(gateway, "Bob", connected=False)
    dialog = bob.page.get_by_role("dialog", name="Please sign in")
    await expect(dialog).to_contain_text("This chat asks who you are.", timeout=PATIENCE)
    await sign_in(bob, "no token")
    again = bob.page.get_by_role("dialog", name="Please sign in again")
    await expect(again).to_contain_text("not a JSON Web Token", timeout=PATIENCE)
    await sign_in(bob, ISSUER.token("bob", -5))
    await expect(again).to_contain_text("Your token has expired.", timeout=PATIENCE)
    await again.get_by_role("button", name="Not now").click()
    await expect(bob.page.locator("#status")).to_have_text("Not signed in")
    await expect(bob.page.locator("#banner")).to_contain_text("You are not signed in.")
    await bob.page.get_by_role("button", name="Sign in again").click()
    await sign_in(bob, ISSUER.token("u7", name="Robert"))
    await bob.connected()
    await expect(bob.page.locator("#my-name")).to_have_text("Robert")


async def test_who_is_reminded_in_time_stays_with_a_new_token(
    arrive: Arrive, gateway: Program
) -> None:
    ada = await arrive(gateway, "", token=ISSUER.token("ada"))
    await bring(ada, ISSUER.token("ada", exp=time.time() + LIFE))
    reminder = ada.page.get_by_text("Your token expires in")
    await expect(reminder).to_be_visible(timeout=PATIENCE)
    await ada.page.get_by_role("button", name="Sign in again").click()
    await sign_in(ada, ISSUER.token("somebody else"))
    await expect(ada.page.get_by_role("dialog")).to_contain_text("somebody else's")
    await sign_in(ada, ISSUER.token("ada", name="Ada L."))
    await expect(ada.page.locator("#my-name")).to_have_text("Ada L.")
    await expect(ada.page.get_by_role("dialog")).to_have_count(0)


async def test_who_is_not_is_asked_when_the_token_has_expired_and_loses_nothing(
    arrive: Arrive, gateway: Program
) -> None:
    ada = await arrive(gateway, "", token=ISSUER.token("ada"))
    await bring(ada, ISSUER.token("ada", exp=time.time() + LIFE))
    dialog = ada.page.get_by_role("dialog", name="Please sign in again")
    await expect(dialog).to_contain_text("Your token has expired.", timeout=PATIENCE)
    await dialog.get_by_role("button", name="Not now").click()
    await ada.say("written meanwhile")
    await bring(ada, ISSUER.token("ada"))
    await ada.connected()
    await ada.nothing_pending()
    await ada.sees("written meanwhile")


async def test_a_room_that_one_may_not_join_says_so(arrive: Arrive, gateway: Program) -> None:
    token = ISSUER.token("eve", rooms={"join": [""], "write": [""]})
    eve = await arrive(gateway, "", token=token)
    await eve.page.evaluate("location.hash = 'room=secret'")
    start = eve.page.locator("#log-start")
    await expect(start).to_have_text(
        "You cannot be in this room: you may not join the room 'secret'", timeout=PATIENCE
    )
