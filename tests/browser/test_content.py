"""Long histories, hostile texts, and what a first visit looks like."""

from __future__ import annotations

import pytest
import socketio
from playwright.async_api import expect

from tests.browser.conftest import Arrive
from tests.browser.visitor import Visitor
from tests.gateways import Program

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(60),
    pytest.mark.asyncio(loop_scope="session"),
]

# Each would do something if it were ever taken for markup.
HOSTILE = [
    "<img src=x onerror=\"document.title='broken'\">",
    "<script>document.title='broken'</script>",
    "javascript:document.title='broken'",
    'https://example.org/"onmouseover="document.title=1',
    "</span></div><h1>broken</h1>",
    "&lt;b&gt; &amp; {{7*7}} ${7*7}",
]


async def fill(gateway: Program, room: str, texts: list[str]) -> None:
    """Another client says all this in a room of the list."""
    async with socketio.AsyncSimpleClient() as client:
        await client.connect(gateway.url, transports=["websocket"])
        for text in texts:
            said = {"room": room, "message": text, "nickname": "Robot"}
            reply = await client.call("chat message", said)
            assert "id" in reply, reply


async def test_history_comes_when_one_scrolls_up(arrive: Arrive, pair: list[Program]) -> None:
    room = "a long story"
    ada = await arrive(pair[0], "Ada", room=room)
    texts = [f"chapter {number}" for number in range(130)]
    await ada.create_room(room)
    await fill(pair[1], room, texts)
    await ada.page.reload()
    await ada.connected()
    await ada.sees(texts[-1])
    assert len(await ada.texts()) == 50

    log = ada.page.locator("#log")
    first = ada.line("chapter 80").first
    top = "line => line.getBoundingClientRect().top"
    before = await first.evaluate(
        "line => { line.closest('#log').scrollTop = 0; return line.getBoundingClientRect().top }"
    )
    await expect(ada.line("chapter 79").first).to_be_attached()
    assert abs(await first.evaluate(top) - before) < 2, "what was read is where it was"
    while await ada.page.locator("#log-start").inner_text() != f"This is where {room} begins.":
        await log.evaluate("log => { log.scrollTop = 0 }")
        await ada.page.wait_for_timeout(50)
    assert await ada.texts() == texts

    await log.evaluate("log => { log.scrollTop = 0 }")
    await fill(pair[1], room, ["news"])
    jump = ada.page.get_by_role("button", name="1 new")
    await expect(jump).to_be_visible()
    assert await log.evaluate("log => log.scrollTop") == 0, "news do not move what is being read"
    await jump.click()
    await expect(jump).to_be_hidden()
    await expect(ada.line("news")).to_be_in_viewport()


async def test_every_text_is_shown_as_text(arrive: Arrive, pair: list[Program]) -> None:
    name, room = "<img src=x onerror=alert(1)>", '"><script>alert(2)</script>'
    ada = await arrive(pair[0], name)
    bob = await arrive(pair[1], "<b>Bob</b>")
    await ada.create_room(room)
    await bob.room_link(room).click()
    await expect(bob.page.get_by_role("heading", level=1)).to_have_text(room)
    await ada.say(*HOSTILE)
    await ada.nothing_pending()
    await bob.sees(*HOSTILE)
    assert await bob.texts() == HOSTILE
    assert await ada.texts() == HOSTILE
    await expect(bob.page.locator("#log .nick").first).to_have_text(name)
    await expect(bob.page.locator("#people .person").filter(has_text=name)).to_have_count(1)
    await bob.page.locator("#draft").press_sequentially("x")
    await expect(ada.page.locator("#typing")).to_have_text("<b>Bob</b> is typing")
    await ada.page.get_by_role("button", name="Remove for everybody").click()
    await expect(ada.page.locator("#remove-text")).to_contain_text(room)
    await ada.page.get_by_role("button", name="Remove", exact=True).click()
    await expect(bob.page.locator("#toasts")).to_contain_text(room)
    for visitor in (ada, bob):
        assert await no_foreign_elements(visitor)
        assert "broken" not in await visitor.page.title()


async def no_foreign_elements(visitor: Visitor) -> bool:
    count = await visitor.page.locator(
        "#log :is(img, script, b, h1), #rooms :is(img, script), #people :is(img, b), #toasts script"
    ).count()
    return count == 0


async def test_no_name_is_unnamed(arrive: Arrive, pair: list[Program]) -> None:
    ada = await arrive(pair[0], "")
    bob = await arrive(pair[1], "Bob")
    await ada.say("who am I?")
    await bob.sees("who am I?")
    await expect(ada.page.locator("#my-name")).to_have_text("Unnamed")


async def test_too_long_a_text_cannot_be_sent(arrive: Arrive, pair: list[Program]) -> None:
    ada = await arrive(pair[0], "Ada", room="limits")
    await ada.page.locator("#draft").fill("é" * 4097)
    await expect(ada.page.locator("#limit")).to_have_text("2 bytes too long")
    await expect(ada.page.get_by_role("button", name="Send")).to_be_disabled()
    await ada.page.keyboard.press("Enter")
    await ada.page.locator("#draft").fill("é" * 4096)
    await ada.page.keyboard.press("Enter")
    await ada.sees("é" * 4096)


async def test_the_policy_is_strict_and_the_page_lives_with_it(
    arrive: Arrive, pair: list[Program]
) -> None:
    ada = await arrive(pair[0], "Ada")
    response = await ada.page.request.get(pair[0].url)
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
