"""Whatever clients put into any field, the page shows it as text and lives on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from urllib.parse import quote, urlencode

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Arrive
from tests.browser.test_content import no_foreign_elements
from tests.browser.visitor import PATIENCE, Visitor
from tests.e2e.lone_gateway import lone_gateway
from tests.e2e.raw_clients import Chatter
from tests.gateways import Program

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(90),
    pytest.mark.asyncio(loop_scope="session"),
]

# As names they have at most 64 characters. What were taken for markup would call the console, by
# itself or because the page's policy forbids it; what were taken for a key would find a function.
HOSTILE = [
    "<img src=x onerror=window.broken=1>",
    '"><svg onload=window.broken=1>',
    "'-window.broken=1-'",
    "</script><script>window.broken=1</script>",
    "javascript:window.broken=1",
    "&lt;img src=x onerror=window.broken=1&gt;",
    "\uff1cscript\uff1ewindow.broken=1",
    "${window.broken=1}{{window.broken=1}}",
    "__proto__",
    "constructor",
    "toString",
    "a\u0300\u0301\u0302\u0303\u0304 \ufdfa \U0010ffff",
]
# As JSON, since Python's objects have no prototypes.
POLLUTION = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}'


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    with lone_gateway(tmp_path_factory.mktemp("fields")) as program:
        yield program


def fill_every_field(port: int, text: str) -> None:
    """Everything that a client may say of itself, to whom, and where."""
    with Chatter(port) as client:
        client.connect("/", {"nickname": text, "lobby": text, text: text})
        client.connect("/room")
        client.ask("create", text, namespace="/room")
        client.ask("join", {"room": text, "nickname": text, text: text})
        for room in ({}, {"room": text}):
            said = {"message": text, "nickname": text, "key": text, "id": text, **room}
            assert "id" in client.ask("chat message", said)
            client.tell("typing", {"typing": True, "nickname": text, **room})
        client.send(f'42["chat message",{POLLUTION},"message":"polluted"}}]')
        client.send(f'42["typing",{POLLUTION},"typing":true}}]')
        messages = f"/messages/{quote(text, safe='')}"
        client.connect(messages)
        said = {"from": text, "to": text, "message": text, "key": f"{text}2"}
        assert "id" in client.ask("create", said, namespace=messages)
        client.ask("presence", text)


async def unbroken(visitor: Visitor) -> None:
    found = await visitor.page.evaluate(
        "[window.broken, ({}).polluted, Object.keys(Object.prototype).length, typeof {}.toString]"
    )
    assert found == [None, None, 0, "function"]
    assert await no_foreign_elements(visitor)


async def test_every_field_of_every_event_is_shown_as_text(
    arrive: Arrive, gateway: Program
) -> None:
    ada = await arrive(gateway, "Ada")
    for text in HOSTILE:
        await asyncio.to_thread(fill_every_field, gateway.port, text)
    await ada.say("still here")
    await ada.sees("still here")
    shown = await ada.texts()
    assert [text for text in shown if text in HOSTILE] == HOSTILE
    await unbroken(ada)
    for text in HOSTILE:
        await ada.room_link(text).click()
        await expect(ada.page.get_by_role("heading", level=1)).to_have_text(text)
        await expect(ada.page.locator("#log .text")).to_have_text([text, text], timeout=PATIENCE)
        await expect(ada.page.locator("#log .nick").first).to_have_text(text)
    await ada.say("and here")
    await ada.sees("and here")
    await unbroken(ada)


async def test_every_part_of_the_pages_address_is_taken_as_text(
    arrive: Arrive, gateway: Program
) -> None:
    ada = await arrive(gateway, "Ada")
    for text in HOSTILE:
        query = urlencode({"gateways": f"{text},{gateway.url}", "transports": text, text: text})
        await ada.page.goto(f"{gateway.url}/?{query}#room={quote(text, safe='')}")
        await expect(ada.page.get_by_role("heading", level=1)).to_have_text(text)
    await ada.page.goto(f"{gateway.url}/?{urlencode({'gateways': 'javascript:window.broken=1'})}")
    await ada.connected()
    await unbroken(ada)
    # Where a text has the form of a host's name, the page asks for it.
    ada.complaints[:] = [one for one in ada.complaints if "ERR_NAME_NOT_RESOLVED" not in one]
