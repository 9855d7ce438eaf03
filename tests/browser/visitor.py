"""Somebody who uses the page."""

from __future__ import annotations

from urllib.parse import urlencode

from playwright.async_api import Browser, BrowserContext, Locator, Page, expect

DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 780}
# What the browser itself writes about a gateway that is not there, or a connection that ended just
# as a request began on it: the page tries again.
UNREACHABLE = (
    "ERR_CONNECTION_REFUSED",
    "ERR_CONNECTION_RESET",
    "ERR_SOCKET_NOT_CONNECTED",
    "WebSocket connection to",
)
PATIENCE = 15_000  # milliseconds that anything may take


class Visitor:
    """One browser profile with one open page. `complaints` are the errors of its console."""

    def __init__(self, context: BrowserContext, page: Page, name: str) -> None:
        self.name = name
        self.context = context
        self.page = page
        self.complaints: list[str] = []
        page.on("console", lambda message: self._console(message.type, message.text))
        page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    @classmethod
    async def arrive(
        cls,
        browser: Browser,
        url: str,
        name: str,
        *,
        room: str = "",
        gateways: list[str] | None = None,
        phone: bool = False,
        token: str = "",
        connected: bool = True,
    ) -> Visitor:
        """Who brings a *token* is not asked for a name."""
        context = await browser.new_context(
            viewport=PHONE if phone else DESKTOP,  # type: ignore[arg-type]  # a TypedDict
            has_touch=phone,
            reduced_motion="reduce",
            locale="en-GB",
        )
        context.set_default_timeout(PATIENCE)
        visitor = cls(context, await context.new_page(), name)
        given = {"room": room, "token": token}
        query = f"?{urlencode({'gateways': ','.join(gateways)})}" if gateways else ""
        fragment = urlencode({key: value for key, value in given.items() if value})
        await visitor.page.goto(f"{url}/{query}#{fragment}")
        if not token:
            await visitor.page.get_by_label("Your name").fill(name)
            await visitor.page.keyboard.press("Enter")
        if connected:
            await visitor.connected()
        return visitor

    async def leave(self) -> None:
        await self.context.close()

    async def say(self, *texts: str) -> None:
        for text in texts:
            await self.page.locator("#draft").fill(text)
            await self.page.keyboard.press("Enter")

    async def texts(self) -> list[str]:
        """Every message in the open room, from top to bottom, as it is shown."""
        return await self.page.locator("#log .text").all_text_contents()

    def line(self, text: str) -> Locator:
        return self.page.locator("#log .line").filter(has_text=text)

    async def sees(self, *texts: str) -> None:
        """These are the last messages, each once, in this order."""
        shown = self.page.locator("#log .text")
        await expect(shown.last).to_have_text(texts[-1], timeout=PATIENCE)
        found = [text for text in await self.texts() if text in texts]
        assert found == list(texts)

    async def connected(self, gateway: str = "") -> None:
        pill = self.page.locator("#status")
        await expect(pill).to_have_attribute("data-state", "connected", timeout=PATIENCE)
        await expect(pill).to_contain_text(gateway, timeout=PATIENCE)
        await expect(self.page.locator("#people-count")).not_to_be_empty(timeout=PATIENCE)

    async def disconnected(self) -> None:
        pill = self.page.locator("#status")
        await expect(pill).to_have_attribute("data-state", "reconnecting", timeout=PATIENCE)

    async def nothing_pending(self) -> None:
        await expect(self.page.locator("#log .pending")).to_have_count(0, timeout=PATIENCE)

    async def create_room(self, room: str) -> None:
        await self.page.get_by_role("button", name="Create a room").click()
        await self.page.get_by_label("Name of the room").fill(room)
        await self.page.keyboard.press("Enter")
        await expect(self.page.get_by_role("heading", level=1)).to_have_text(room)

    def room_link(self, room: str) -> Locator:
        return self.page.locator("#rooms a").filter(has=self.page.get_by_text(room, exact=True))

    def _console(self, kind: str, text: str) -> None:
        if kind == "error" and not any(known in text for known in UNREACHABLE):
            self.complaints.append(text)
