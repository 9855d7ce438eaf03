"""Keyboard, screen reader, small screens, readable colours."""

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

# Controls, regions and dialogs that nothing gives a name to.
NAMELESS = """() => {
  const named = (element) =>
    element.getAttribute("aria-label")?.trim() ||
    (element.getAttribute("aria-labelledby") ?? "").split(" ").some((id) =>
      document.getElementById(id)?.textContent.trim()) ||
    [...(element.labels ?? [])].some((label) => label.textContent.trim()) ||
    (element.matches("a, button") && element.textContent.trim());
  return [...document.querySelectorAll(
    "a, button, input, textarea, select, nav, aside, dialog, form.composer, [role=log]",
  )].filter((element) => !named(element)).map((element) => element.outerHTML.slice(0, 120));
}"""

# Texts whose contrast with what is behind them is below 4.5 (WCAG 2.2, 1.4.3).
PALE = """() => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const rgb = (...layers) => {
    context.clearRect(0, 0, 1, 1);
    for (const layer of layers) { context.fillStyle = layer; context.fillRect(0, 0, 1, 1); }
    return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (color) => {
    const [r, g, b] = color.map((part) => part / 255).map((part) =>
      part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      layers.unshift(getComputedStyle(at).backgroundColor);
    }
    return layers;
  };
  const pale = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    const unseen = !element.checkVisibility() || element.closest(".sr, :disabled, noscript");
    if (!own || unseen) continue;
    const layers = behind(element);
    const [a, b] = [rgb(...layers), rgb(...layers, getComputedStyle(element).color)].map(light);
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const name = element.className || element.tagName;
    if (contrast < 4.5) pale.push(`${name}: ${contrast.toFixed(2)}`);
  }
  return pale;
}"""


async def test_everything_has_a_name(arrive: Arrive, pair: list[Program]) -> None:
    ada = await arrive(pair[0], "Ada", room="names of things")
    await ada.say("hello")
    assert await ada.page.evaluate(NAMELESS) == []
    await expect(ada.page.get_by_role("navigation", name="Rooms")).to_be_visible()
    await expect(ada.page.get_by_role("main")).to_be_visible()
    await expect(ada.page.get_by_role("complementary", name="People here")).to_be_visible()
    log = ada.page.get_by_role("log")
    await expect(log).to_have_attribute("aria-live", "polite")
    await expect(log).to_have_accessible_name("Messages")
    await expect(ada.page.locator("#status")).to_have_role("status")
    await expect(ada.page.locator("#draft")).to_have_accessible_name("Message to names of things")
    assert await ada.page.get_by_role("heading", level=1).count() == 1
    ids = await ada.page.evaluate("[...document.querySelectorAll('[id]')].map(({id}) => id)")
    assert len(ids) == len(set(ids))


async def test_the_keyboard_is_enough(arrive: Arrive, pair: list[Program]) -> None:
    ada = await arrive(pair[0], "Ada", room="by hand")
    page = ada.page
    await expect(page.locator("#draft")).to_be_focused()
    passed: list[str] = []
    while "skip" not in passed:
        assert len(passed) < 40
        await page.keyboard.press("Shift+Tab")
        passed.append(await page.evaluate("document.activeElement.id"))
        outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", f"{passed[-1]} does not show that it has the focus"
    assert {"create-room", "rename", "theme", "log"} <= set(passed)
    await page.keyboard.press("Enter")
    await expect(page.locator("#draft")).to_be_focused()
    await expect(page.get_by_role("heading", level=1)).to_have_text("by hand")


async def test_escape_closes_dialogs_and_focus_returns(arrive: Arrive, pair: list[Program]) -> None:
    ada = await arrive(pair[0], "Ada")
    button = ada.page.get_by_role("button", name="Create a room")
    await button.focus()
    await ada.page.keyboard.press("Enter")
    await expect(ada.page.get_by_role("dialog", name="Create a room")).to_be_visible()
    await ada.page.keyboard.press("Escape")
    await expect(ada.page.get_by_role("dialog", name="Create a room")).to_be_hidden()
    await expect(button).to_be_focused()


async def test_drawers_on_a_phone(arrive: Arrive, pair: list[Program]) -> None:
    ada = await arrive(pair[0], "Ada", room="pocket", phone=True)
    page = ada.page
    rooms, people = page.locator("#rooms-pane"), page.locator("#people-pane")
    await expect(rooms).to_be_hidden()
    await expect(people).to_be_hidden()
    button = page.get_by_role("button", name="Rooms", exact=True)
    await expect(button).to_have_attribute("aria-expanded", "false")
    await button.click()
    await expect(rooms).to_be_visible()
    await expect(button).to_have_attribute("aria-expanded", "true")
    await expect(page.get_by_role("button", name="Close rooms")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(rooms).to_be_hidden()
    await expect(button).to_be_focused()
    await page.get_by_role("button", name="People here: 1").click()
    await expect(people).to_contain_text("Ada")
    await page.locator("#scrim").click(position={"x": 10, "y": 300})
    await expect(people).to_be_hidden()
    await button.click()
    await ada.room_link("Lobby").click()
    await expect(rooms).to_be_hidden()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Lobby")


@pytest.mark.parametrize("width", [320, 390, 760, 1100])
async def test_nothing_sticks_out(arrive: Arrive, pair: list[Program], width: int) -> None:
    ada = await arrive(pair[0], "Ada " + "A" * 60, room="r" * 64)
    await ada.page.set_viewport_size({"width": width, "height": 560})
    await ada.say("w" * 300, "https://example.org/" + "long/" * 40, "short")
    await ada.nothing_pending()
    scrolls = "document.documentElement.scrollWidth > innerWidth"
    assert not await ada.page.evaluate(scrolls)
    log = ada.page.locator("#log")
    assert await log.evaluate("log => log.scrollWidth - log.clientWidth") <= 0
    await expect(ada.page.locator("#draft")).to_be_in_viewport(ratio=1)
    await expect(ada.page.get_by_role("button", name="Send")).to_be_in_viewport(ratio=1)
    await expect(ada.page.locator("#status")).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_texts_can_be_read(arrive: Arrive, pair: list[Program], theme: str) -> None:
    ada = await arrive(pair[0], "Ada", room=theme)
    bob = await arrive(pair[1], "Bob", room=theme)
    await bob.create_room(f"not joined {theme}")
    await bob.room_link(theme).click()
    await bob.say("hello https://example.org")
    await ada.sees("hello https://example.org")
    await ada.say("hello https://example.net")
    await ada.nothing_pending()
    button = ada.page.locator("#theme")
    for _ in range({"light": 1, "dark": 2}[theme]):
        await button.click()
    assert await ada.page.evaluate(PALE) == []
    await ada.page.reload()
    await ada.connected()
    await expect(button).to_have_accessible_name(f"Theme: {theme}. Change it.")
