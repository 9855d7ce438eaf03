"""Two people on two gateways are in one chat."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Arrive
from tests.gateways import Program

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(60),
    pytest.mark.asyncio(loop_scope="session"),
]


async def test_what_one_says_the_other_reads(arrive: Arrive, pair: list[Program]) -> None:
    grace, alan = await arrive(pair[0], "Grace"), await arrive(pair[1], "Alan")
    await grace.say("hello, everybody")
    await alan.sees("hello, everybody")
    head = alan.line("hello, everybody").locator(".head")
    await expect(head).to_contain_text("Grace")
    await expect(head).to_contain_text("gateway-1")
    await alan.say("hello, Grace")
    await grace.sees("hello, everybody", "hello, Grace")
    await grace.nothing_pending()
    own = grace.page.locator("#log .line.own .text")
    assert await own.all_text_contents() == ["hello, everybody"]


async def test_line_breaks_and_addresses(arrive: Arrive, pair: list[Program]) -> None:
    ada, bob = await arrive(pair[0], "Ada"), await arrive(pair[1], "Bob")
    await ada.page.locator("#draft").press_sequentially("see https://example.org/a_(b).")
    await ada.page.keyboard.press("Shift+Enter")
    await ada.page.keyboard.type("second line")
    await ada.page.keyboard.press("Enter")
    await bob.sees("see https://example.org/a_(b).\nsecond line")
    link = bob.page.get_by_role("link", name="https://example.org/a_(b)").last
    await expect(link).to_have_attribute("href", "https://example.org/a_(b)")
    await expect(link).to_have_attribute("rel", "noopener noreferrer")


async def test_who_types_is_seen_on_the_other_gateway(arrive: Arrive, pair: list[Program]) -> None:
    ada, bob = await arrive(pair[0], "Ada"), await arrive(pair[1], "Bob")
    await ada.page.locator("#draft").press_sequentially("wait")
    await expect(bob.page.locator("#typing")).to_have_text("Ada is typing")
    await expect(ada.page.locator("#typing")).to_be_empty()
    await ada.page.keyboard.press("Enter")
    await expect(bob.page.locator("#typing")).to_be_empty()


async def test_who_is_here_by_gateway(arrive: Arrive, pair: list[Program]) -> None:
    ada = await arrive(pair[0], "Ada", room="who is here")
    bob = await arrive(pair[1], "Bob", room="who is here")
    for visitor in (ada, bob):
        here = visitor.page.get_by_role("complementary")
        await expect(here.locator("#people-count")).to_have_text("2")
        sections = here.locator("section")
        await expect(sections.nth(0)).to_contain_text("gateway-1")
        await expect(sections.nth(0)).to_contain_text("Ada")
        await expect(sections.nth(1)).to_contain_text("gateway-2")
        await expect(sections.nth(1)).to_contain_text("Bob")
    await ada.connected("gateway-1")
    await bob.connected("gateway-2")
    await bob.leave()
    await expect(ada.page.locator("#people-count")).to_have_text("1")
    await expect(ada.page.get_by_role("complementary")).not_to_contain_text("Bob")


async def test_a_new_name_is_everywhere(arrive: Arrive, pair: list[Program]) -> None:
    ada = await arrive(pair[0], "Ada", room="names")
    bob = await arrive(pair[1], "Bob", room="names")
    await ada.page.get_by_role("button", name="Change name").click()
    await ada.page.get_by_label("Your name").fill("Countess")
    await ada.page.keyboard.press("Enter")
    await expect(bob.page.get_by_role("complementary")).to_contain_text("Countess")
    await expect(bob.page.get_by_role("complementary")).not_to_contain_text("Ada")
    await ada.say("it is me")
    await bob.sees("it is me")
    await expect(bob.line("it is me").locator(".nick")).to_have_text("Countess")
    await ada.page.reload()
    await ada.connected()
    await expect(ada.page.locator("#my-name")).to_have_text("Countess")
    await expect(ada.page.locator("#log .line.own .text")).to_have_text("it is me")


async def test_rooms_come_and_go_on_both(arrive: Arrive, pair: list[Program]) -> None:
    ada, bob = await arrive(pair[0], "Ada"), await arrive(pair[1], "Bob")
    await ada.create_room("tea & biscuits")
    await bob.room_link("tea & biscuits").click()
    await bob.say("milk first")
    await ada.sees("milk first")
    await bob.room_link("Lobby").click()
    await ada.say("one", "two")
    badge = bob.room_link("tea & biscuits").locator(".badge")
    await expect(badge).to_have_text("2")
    await expect(bob.page).to_have_title("(2) Lobby · chatcluster")
    await bob.room_link("tea & biscuits").click()
    await bob.sees("milk first", "one", "two")
    await expect(badge).to_have_count(0)

    await ada.page.get_by_role("button", name="Remove for everybody").click()
    await ada.page.get_by_role("button", name="Keep it").click()
    await expect(ada.page.get_by_role("heading", level=1)).to_have_text("tea & biscuits")
    await ada.page.get_by_role("button", name="Remove for everybody").click()
    await ada.page.get_by_role("button", name="Remove", exact=True).click()
    for visitor in (ada, bob):
        await expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Lobby")
        await expect(visitor.room_link("tea & biscuits")).to_have_count(0)
    await expect(bob.page.locator("#toasts")).to_contain_text("was removed")
    await expect(ada.page.locator("#toasts")).to_be_empty()


async def test_a_room_that_exists_cannot_be_created(arrive: Arrive, pair: list[Program]) -> None:
    ada = await arrive(pair[0], "Ada")
    await ada.create_room("only one")
    await ada.page.get_by_role("button", name="Create a room").click()
    await ada.page.get_by_label("Name of the room").fill("only one")
    await ada.page.keyboard.press("Enter")
    await expect(ada.page.locator("#create-error")).not_to_be_empty()


async def test_a_link_opens_a_room_and_back_leads_back(arrive: Arrive, pair: list[Program]) -> None:
    ada = await arrive(pair[0], "Ada", room="deep & linked #1")
    heading = ada.page.get_by_role("heading", level=1)
    await expect(heading).to_have_text("deep & linked #1")
    await ada.room_link("Lobby").click()
    await expect(heading).to_have_text("Lobby")
    await ada.page.go_back()
    await expect(heading).to_have_text("deep & linked #1")
    await expect(ada.room_link("deep & linked #1")).to_have_attribute("aria-current", "page")
    await ada.page.get_by_role("button", name="Leave this room").click()
    await expect(heading).to_have_text("Lobby")
    await expect(ada.room_link("deep & linked #1")).to_have_count(0)


async def test_a_draft_stays_in_its_room(arrive: Arrive, pair: list[Program]) -> None:
    ada = await arrive(pair[0], "Ada", room="drafts")
    await ada.page.locator("#draft").fill("half a thought")
    await ada.room_link("Lobby").click()
    await expect(ada.page.locator("#draft")).to_have_value("")
    await ada.room_link("drafts").click()
    await expect(ada.page.locator("#draft")).to_have_value("half a thought")
