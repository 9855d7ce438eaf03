"""Gateways and the log die; nothing that was said is lost, repeated or out of order."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Arrive, MakeGateway
from tests.browser.visitor import Visitor
from tests.servers import Valkey

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(90),
    pytest.mark.asyncio(loop_scope="session"),
]


async def chatter(visitor: Visitor, *texts: str) -> None:
    """Say each text and wait until it is stored."""
    for text in texts:
        await visitor.say(text)
        await visitor.nothing_pending()


@pytest.mark.parametrize("room", ["", "tea"], ids=["lobby", "room"])
async def test_a_killed_gateways_page_goes_to_the_next(
    arrive: Arrive, make_gateway: MakeGateway, room: str
) -> None:
    first, second = make_gateway("first"), make_gateway("second")
    addresses = [first.url, second.url]
    ada = await arrive(first, "Ada", room=room, gateways=addresses)
    bob = await arrive(second, "Bob", room=room)
    await chatter(bob, "b1", "b2")
    await chatter(ada, "a1")
    await ada.sees("b1", "b2", "a1")
    first.kill()
    await chatter(bob, "b3", "b4")
    await ada.say("a2")
    await ada.connected("second")
    await ada.nothing_pending()
    await chatter(bob, "b5")
    await bob.sees("b5")
    expected = await bob.texts()
    assert sorted(expected) == ["a1", "a2", "b1", "b2", "b3", "b4", "b5"]
    await ada.sees(*expected)
    assert await ada.texts() == expected


async def test_a_restarted_gateway_gets_its_page_back(
    arrive: Arrive, make_gateway: MakeGateway
) -> None:
    first, second = make_gateway("first"), make_gateway("second")
    ada = await arrive(first, "Ada", room="tea")
    bob = await arrive(second, "Bob", room="tea")
    await chatter(ada, "a1")
    first.kill()
    await ada.disconnected()
    await expect(ada.page.locator("#banner")).to_be_visible()
    await chatter(bob, "b1", "b2")
    first.start()
    await ada.connected("first")
    await expect(ada.page.locator("#banner")).to_be_hidden()
    await chatter(bob, "b3")
    await ada.sees("a1", "b1", "b2", "b3")
    assert await ada.texts() == ["a1", "b1", "b2", "b3"]
    await expect(ada.page.locator("#people-count")).to_have_text("2")


async def test_what_was_typed_meanwhile_goes_out_once_and_in_order(
    arrive: Arrive, make_gateway: MakeGateway
) -> None:
    first, second = make_gateway("first"), make_gateway("second")
    ada = await arrive(first, "Ada", room="tea")
    bob = await arrive(second, "Bob", room="tea")
    first.kill()
    await ada.disconnected()
    await ada.say("one", "two", "three")
    await expect(ada.page.locator("#log .pending")).to_have_count(3)
    await expect(ada.line("three")).to_contain_text("Waits for the connection")
    first.start()
    await ada.connected("first")
    await ada.nothing_pending()
    await bob.sees("one", "two", "three")
    assert await bob.texts() == ["one", "two", "three"]
    assert await ada.texts() == ["one", "two", "three"]
    await expect(ada.page.locator("#log .line.own")).to_have_count(3)


async def test_what_is_unsent_survives_a_reload(arrive: Arrive, make_gateway: MakeGateway) -> None:
    gateway = make_gateway("first")
    ada = await arrive(gateway, "Ada", room="tea")
    gateway.kill()
    await ada.say("one", "two")
    gateway.start()
    await ada.page.reload()  # perhaps just when they go out: still each is said once
    await ada.connected("first")
    await ada.nothing_pending()
    await ada.sees("one", "two")
    assert await ada.texts() == ["one", "two"]


async def test_every_room_is_caught_up_with(arrive: Arrive, make_gateway: MakeGateway) -> None:
    first, second = make_gateway("first"), make_gateway("second")
    ada = await arrive(first, "Ada", room="tea")
    await ada.create_room("cake")
    bob = await arrive(second, "Bob", room="tea")
    first.kill()
    await ada.disconnected()
    await chatter(bob, "in tea")
    await bob.room_link("Lobby").click()
    await chatter(bob, "in the lobby", "again")
    first.start()
    await ada.connected("first")
    await expect(ada.room_link("tea").locator(".badge")).to_have_text("1")
    await expect(ada.room_link("Lobby").locator(".badge")).to_have_text("2")


async def test_too_much_missed_is_said_and_can_be_loaded(
    arrive: Arrive, make_gateway: MakeGateway
) -> None:
    first = make_gateway("first", catch_up_limit=5, recent=5)
    second = make_gateway("second")
    ada = await arrive(first, "Ada", room="tea")
    bob = await arrive(second, "Bob", room="tea")
    await chatter(bob, "before")
    await ada.sees("before")
    first.kill()
    await ada.disconnected()
    texts = [f"m{number}" for number in range(12)]
    await bob.say(*texts)
    await bob.nothing_pending()
    first.start()
    await ada.connected("first")
    await ada.sees(*texts[-5:])
    hole = ada.page.locator("#log .gap")
    await expect(hole).to_contain_text("Some messages were missed")
    await hole.get_by_role("button", name="Load older").click()
    await expect(hole).to_have_count(0)
    assert await ada.texts() == ["before", *texts]


async def test_a_log_that_cannot_store_loses_nothing(
    arrive: Arrive, make_gateway: MakeGateway, own_valkey: Valkey
) -> None:
    gateway = make_gateway("first")
    ada = await arrive(gateway, "Ada", room="tea")
    await chatter(ada, "before")
    own_valkey.kill()
    await ada.say("one", "two")
    await expect(ada.line("one")).to_contain_text("Will be tried again")
    own_valkey.start()
    await ada.nothing_pending()
    await ada.sees("before", "one", "two")
    assert await ada.texts() == ["before", "one", "two"]


async def test_what_is_refused_says_why_and_can_be_discarded(
    arrive: Arrive, make_gateway: MakeGateway
) -> None:
    gateway = make_gateway("first", text_limit=10)
    ada = await arrive(gateway, "Ada", room="tea")
    await ada.say("far too many words", "short")
    refused = ada.line("far too many words")
    await expect(refused).to_contain_text("Not sent:")
    await ada.sees("short", "far too many words")
    await refused.get_by_role("button", name="Try again").click()
    await expect(refused).to_contain_text("Not sent:")
    await refused.get_by_role("button", name="Discard").click()
    await expect(refused).to_have_count(0)
    assert await ada.texts() == ["short"]


async def test_a_frozen_gateway_is_given_up(arrive: Arrive, make_gateway: MakeGateway) -> None:
    """It keeps its connections and says nothing: only the missing pings tell."""
    impatient = {"ping_interval": 1, "ping_timeout": 1}
    first, second = make_gateway("first", **impatient), make_gateway("second", **impatient)
    ada = await arrive(first, "Ada", room="tea", gateways=[first.url, second.url])
    bob = await arrive(second, "Bob", room="tea")
    first.pause()
    await ada.say("anybody there?")
    await ada.connected("second")
    await ada.nothing_pending()
    await bob.sees("anybody there?")
    first.resume()


async def test_polling_works_where_websockets_do_not(
    arrive: Arrive, make_gateway: MakeGateway
) -> None:
    gateway = make_gateway("first")
    ada = await arrive(gateway, "Ada", room="tea")
    await ada.page.goto(f"{gateway.url}/?transports=polling#room=tea")
    await ada.connected("first")
    await expect(ada.page.locator("#status")).to_contain_text("polling")
    await chatter(ada, "slowly")
    await ada.sees("slowly")


async def test_a_chat_without_history(arrive: Arrive, make_gateway: MakeGateway) -> None:
    first, second = make_gateway("first", history="off"), make_gateway("second", history="off")
    ada = await arrive(first, "Ada", room="tea")
    bob = await arrive(second, "Bob", room="tea")
    await chatter(ada, "same words", "same words")
    await bob.say("hello")
    await ada.sees("hello")
    assert await ada.texts() == ["same words", "same words", "hello"]
    assert await bob.texts() == ["same words", "same words", "hello"]
    await expect(ada.page.locator("#log .line.own")).to_have_count(2)
    first.kill()
    await ada.disconnected()
    first.start()
    await ada.connected("first")
    await chatter(ada, "after")
    await bob.sees("hello", "after")
    await expect(ada.page.locator("#log .gap")).to_have_count(0)
