"""The client of docs/getting-started.md signs in, and renews its token."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest

from tests.documented import ROOT, executed
from tests.e2e.lone_gateway import lone_gateway

MAKE = executed("docs/getting-started.md", ".venv/bin/python examples/sign-in/make_token.py Ada")
SIGN_IN = executed("docs/getting-started.md", "signed in as Ada")
KEY = "0123456789abcdef" * 4


@pytest.mark.asyncio(loop_scope="session")
async def test_it_signs_in_and_renews_its_token(tmp_path: Path, connect):
    settings = {"auth": "jwt", "auth_key": KEY, "auth_audience": "chat"}
    # Told at once that its token ends, which saves waiting for it.
    with lone_gateway(tmp_path, **settings, auth_expiring_seconds=59) as gateway:
        token = (await printed(MAKE.script)).strip()
        await connect(gateway.url, auth={"token": token})
        said = await printed(SIGN_IN.script.replace("http://127.0.0.1:8000", gateway.url), 4)
        lines = said.splitlines()
        assert "signed in as Ada, for 60 s" in said
        assert any(re.fullmatch(r"stored as [0-9a-f]+-1", line) for line in lines)
        assert "Ada via lone: hello" in lines
        assert any(line.startswith("renewed: {'user': 'user-ada', 'name': 'Ada'") for line in lines)


async def printed(command: str, lines: int = 1) -> str:
    """Its first *lines*; then it is interrupted."""
    process = await asyncio.create_subprocess_shell(
        "exec " + command.replace(".venv/bin/python", sys.executable),
        cwd=ROOT,
        env={**os.environ, "CHAT_AUTH_KEY": KEY},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            return b"".join([await process.stdout.readline() for _ in range(lines)]).decode()
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
