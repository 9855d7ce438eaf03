"""What `docs/moderation.md` shows is what happens."""

from __future__ import annotations

import asyncio
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from chatcluster.core.deeds import Measure
from tests.e2e.lone_gateway import lone_gateway
from tests.issuers import Issuer

pytestmark = pytest.mark.asyncio(loop_scope="session")

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs" / "moderation.md").read_text()
ISSUER = Issuer("HS256")
OPERATOR = "for operators"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    with lone_gateway(
        tmp_path_factory.mktemp("moderation"),
        auth="jwt",
        auth_key=ISSUER.keys(),
        auth_audience="chat",
        admin_token=OPERATOR,
    ) as gateway:
        yield gateway


def example(language: str) -> str:
    [found] = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return str(found)


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


def objects(text: str) -> list[Any]:
    """The JSON values that are written one after another."""
    found = []
    while text := text.lstrip():
        value, end = json.JSONDecoder().raw_decode(text)
        found.append(value)
        text = text[end:]
    return found


async def test_the_admin_servers_commands_do_what_they_say(gateway):
    commands = example("sh").replace("http://127.0.0.1:9000", gateway.admin)
    out = await run("bash", "-ec", commands, CHAT_ADMIN_TOKEN=OPERATOR)
    ban, in_force, log, unban = objects(out)
    assert (ban["measure"], ban["user"], ban["by"], ban["changed"]) == (
        "ban",
        "user-17",
        "admin/ops",
        True,
    )
    assert ban["until"] == pytest.approx(ban["time"] + 3600)
    theirs = [one["kind"] for one in in_force["sanctions"] if one["user"] == "user-17"]
    assert theirs == ["ban"]
    assert [deed["measure"] for deed in log["deeds"]] == ["ban"]
    assert (unban["measure"], unban["changed"]) == ("unban", True)


@pytest.mark.node
async def test_the_client_of_the_example_mutes_somebody(gateway, connect):
    eve = await connect(gateway.url, auth={"token": ISSUER.token("u-eve", name="Eve")})
    await eve.ask("join", "team-1")
    rights = {"join": ["*"], "moderate": ["team-*"]}
    token = ISSUER.token("u-ada", name="Ada", rooms=rights)
    code = example("js").replace("http://127.0.0.1:8000", gateway.url) + "process.exit();"
    out = await run("node", "--input-type=module", "--eval", code, TOKEN=token)
    for told in ("measure: 'mute'", "user: 'u-eve'", "by: 'user/u-ada'", "changed: true"):
        assert told in out
    promised = re.search(r"// \{(.*)\}", example("js"))
    assert promised is not None
    assert set(promised[1].split(", ")) == set(re.findall(r"^  (\w+):", out, re.MULTILINE))
    refused = await eve.ask("chat message", {"room": "team-1", "message": "hello"})
    assert refused["error"]["code"] == "muted"
    assert refused["error"]["message"].endswith("seconds: Later, please.")


async def test_the_table_has_every_action():
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)?) \| `", PAGE, re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"\w+", row)} == set(Measure)
