"""What the public port serves besides Socket.IO."""

from __future__ import annotations

from collections.abc import Iterator

import aiohttp
import pytest

from tests.e2e.lone_gateway import lone_gateway
from tests.gateways import Program


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    with lone_gateway(tmp_path_factory.mktemp("site")) as program:
        yield program


async def fetch(url: str, **headers: str) -> aiohttp.ClientResponse:
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as response:
        await response.read()
        return response


async def test_the_page_comes_with_a_policy_that_lets_no_foreign_script_run(gateway):
    """And its assets with the types that browsers insist on."""
    page = await fetch(f"{gateway.url}/")
    assert page.status == 200
    assert page.content_type == "text/html"
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    script = await fetch(f"{gateway.url}/page/app.js")
    assert script.content_type in ("text/javascript", "application/javascript")
    assert script.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    ["__init__.py", "x" * 300, "../site.py", "..%2fsite.py", "nothing.js", "%00"],
    ids=["python", "long", "above", "encoded", "unknown", "nul"],
)
async def test_what_is_no_part_of_the_page_is_not_found(gateway, path):
    """Whatever the name; and no traceback is left behind."""
    response = await fetch(f"{gateway.url}/page/{path}")
    assert response.status in (403, 404)
    assert "Traceback" not in gateway.output()


async def test_a_page_of_another_gateway_may_read_even_a_refusal(gateway):
    """So that it can try the next one."""
    bad = await fetch(f"{gateway.url}/nothing", Origin="http://127.0.0.1:8001")
    assert bad.status == 404
    assert bad.headers["Access-Control-Allow-Origin"] == "http://127.0.0.1:8001"
