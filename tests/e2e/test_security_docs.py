"""What `docs/security.md` shows is what happens."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from chatcluster.runtime.settings import GatewaySettings
from tests.documented import Block, checked
from tests.e2e.lone_gateway import lone_gateway
from tests.e2e.mailbox import PATIENCE, Refused
from tests.servers import free_port

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs" / "security.md").read_text()
KEY = "0123456789abcdef" * 4
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def example(language: str, containing: str) -> str:
    blocks: list[str] = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    [found] = [block for block in blocks if containing in block]
    return found


def exported(block: Block) -> set[str]:
    return set(re.findall(r"(CHAT_\w+)=", block.script))


async def run(*command: str, **variables: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *command,
        env={**os.environ, **variables},
        cwd=TESTS,  # where Node finds its packages
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return out.decode()


async def listens(port: int) -> None:
    async with asyncio.timeout(4 * PATIENCE):
        while True:
            with suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            await asyncio.sleep(0.1)


@pytest.mark.node
@pytest.mark.asyncio(loop_scope="session")
async def test_the_token_and_the_client_of_the_example_get_along(tmp_path, connect):
    assert exported(checked("docs/security.md", "chatcluster gateway")) == {
        "CHAT_AUTH",
        "CHAT_AUTH_KEY",
        "CHAT_AUTH_AUDIENCE",
    }
    settings = {"auth": "jwt", "auth_key": KEY, "auth_audience": "chat"}
    with lone_gateway(tmp_path, **settings, auth_expiring_seconds=3600) as gateway:
        token = await run(sys.executable, "-c", example("python", "jwt.encode"), CHAT_AUTH_KEY=KEY)
        client = await connect(gateway.url, auth={"token": token.strip()})
        assert "error" not in await client.ask("join", "team-1")
        assert (await client.ask("join", "coffee"))["error"]["code"] == "forbidden"
        code = example("js", "expiring").replace("http://127.0.0.1:8000", gateway.url)
        shown = ["", token.strip()]  # the first attempt has none
        ends = (
            f"const tokens = {shown!r}; const newToken = async () => tokens.shift() ?? 'x';"
            "socket.on('expiring', () => setTimeout(() => process.exit(), 500));"
            "socket.on('connect_error', () => socket.connect());"
        )
        out = await run("node", "--input-type=module", "--eval", code + ends)
        assert (
            out.splitlines()[0]
            == "not let in: token_missing: auth.token: a token is needed to come in"
        )
        assert re.fullmatch(r"Ada \(user-17\) for [\d.]+ s", out.splitlines()[1])
        assert out.splitlines()[2] == "not renewed: token_invalid"


@pytest.mark.asyncio(loop_scope="session")
async def test_the_service_of_the_example_checks_what_it_is_asked(tmp_path, connect):
    assert exported(checked("docs/security.md", "CHAT_AUTH_HOOK_URL")) == {
        "CHAT_AUTH",
        "CHAT_AUTH_HOOK_URL",
        "CHAT_AUTH_HOOK_SECRET",
    }
    port = free_port()
    service = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        example("python", "HTTPServer"),
        env={**os.environ, "CHAT_AUTH_HOOK_SECRET": SECRET, "PORT": str(port)},
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        url = f"http://127.0.0.1:{port}/chat"
        common = {"auth": "hook", "auth_hook_url": url}
        with lone_gateway(tmp_path, **common, auth_hook_secret=SECRET) as gateway:
            await listens(port)
            client = await connect(gateway.url, auth={"token": "a token of your own"})
            assert (await client.next("identity"))["user"] == "user-17"
            with pytest.raises(Refused) as refused:
                await connect(gateway.url, auth={"token": "another"})
            assert refused.value.data == {"code": "token_invalid", "message": "Please log in."}
        other = SECRET.replace("M", "N")
        with lone_gateway(tmp_path, **common, auth_hook_secret=other) as gateway:
            with pytest.raises(Refused) as refused:
                await connect(gateway.url, auth={"token": "a token of your own"})
            assert refused.value.data["code"] == "unavailable"
    finally:
        service.kill()
        await service.wait()


def test_every_setting_that_it_names_is_one():
    named = set(re.findall(r"CHAT_AUTH\w*", PAGE))
    there = {f"CHAT_{name.upper()}" for name in GatewaySettings.model_fields}
    assert named <= there
    rights = ("READ", "WRITE", "CREATE", "REMOVE", "MODERATE")
    said = named | {f"CHAT_AUTH_{name}_CLAIM" for name in rights}
    assert {name for name in there if name.startswith("CHAT_AUTH")} <= said
