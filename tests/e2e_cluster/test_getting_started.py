"""Who follows docs/getting-started.md from its fourth step to its last has what it says at each.

The commands are the page's, but for what `Terminal` puts in their place: the namespace, the ports
of this machine, and the images' names.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.documented import ROOT, Block, on_cluster
from tests.e2e_cluster.conftest import RUN
from tests.e2e_cluster.kubectl import Namespace, kubectl, need_cluster, wait_until
from tests.e2e_cluster.release import Release, images
from tests.servers import free_port

pytestmark = pytest.mark.timeout(400)

SECRETS = on_cluster("docs/getting-started.md", "kubectl create namespace chat")
INSTALL = on_cluster("docs/getting-started.md", "helm install")
TEST = on_cluster("docs/getting-started.md", "helm test")
CLIENT = on_cluster("docs/getting-started.md", "port-forward service")
BAN = on_cluster("docs/getting-started.md", "port-forward deployment")
LOOK = on_cluster("docs/getting-started.md", "chatcluster doctor")
CHANGE = on_cluster("docs/getting-started.md", "autoscale.min=3")
AWAY = on_cluster("docs/getting-started.md", "helm uninstall")

FORWARDING = re.compile(r" (\d+):\d+ &$", re.MULTILINE)
# Who types is slower than a port-forward.
UNTIL_IT_LISTENS = "until (echo >/dev/tcp/127.0.0.1/{port}) 2>/dev/null; do sleep 0.1; done"


class Typed(NamedTuple):
    process: subprocess.Popen[bytes]
    output: Path

    @property
    def said(self) -> str:
        return self.output.read_text()

    def wait_for(self, pattern: str, seconds: float = 60) -> str:
        """The pattern's group, once it is said."""
        try:
            wait_until(lambda: re.search(pattern, self.said) is not None, pattern, seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.said}") from error
        return str(re.findall(pattern, self.said)[-1])


class Terminal:
    """Where blocks are typed in, in a folder that has of the project's what they name."""

    def __init__(self, namespace: Namespace, folder: Path) -> None:
        self.folder = folder
        for name in ("charts", "examples"):
            (folder / name).symlink_to(ROOT / name)
        (folder / "images.json").write_text(json.dumps(images()))
        self.changes = {
            "namespace chat": f"namespace {namespace.name}",
            ".venv/bin/python": sys.executable,
            "/values.yaml": "/values.yaml --values images.json",
            # It would go on for ever.
            "chatcluster top": "chatcluster top --once",
        }

    @contextmanager
    def typed(self, block: Block, changes: dict[str, str] | None = None) -> Iterator[Typed]:
        """It runs until it ends, or is ended with all that it left in the background."""
        output = self.folder / f"{len(list(self.folder.iterdir()))}.txt"
        with (
            output.open("wb") as file,
            subprocess.Popen(
                ["bash", "-euc", self._script(block, changes or {})],
                cwd=self.folder,
                env={
                    **os.environ,
                    "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
                    "COLUMNS": "250",
                },
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            ) as process,
        ):
            try:
                yield Typed(process, output)
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGTERM)

    def run(self, block: Block) -> str:
        """What it said in the end."""
        with self.typed(block) as typed:
            code = typed.process.wait(timeout=180)
        assert code == 0, f"{block.script}\n{typed.said}"
        return typed.said

    def _script(self, block: Block, changes: dict[str, str]) -> str:
        script = block.script
        for old, new in {**self.changes, **changes}.items():
            script = script.replace(old, new)
        if forwarding := FORWARDING.search(script):
            given, here = forwarding[1], free_port()
            script = script.replace(f"127.0.0.1:{given}", f"127.0.0.1:{here}")
            own = forwarding[0].replace(given, str(here), 1)
            listening = UNTIL_IT_LISTENS.format(port=here)
            script = script.replace(forwarding[0], f"{own}\n{listening}", 1)
        return script


def somebody(name: str, gateway: str) -> dict[str, str]:
    """Changes of the client's block: who signs in, and at which gateway's own port."""
    return {
        "service/talk-chatcluster-gateway 8000:80": f"pod/{gateway} 8000:8000",
        " Ada": f" {name}",
    }


@pytest.fixture
def namespace() -> Iterator[Namespace]:
    """One that the page makes."""
    need_cluster()
    namespace = Namespace(f"chat-e2e-{RUN}-page")
    yield namespace
    kubectl("delete", "namespace", namespace.name, "--wait=false", "--ignore-not-found")


def test_from_secrets_to_a_locked_chat_that_grows_and_changes_its_carrier_and_away(
    namespace: Namespace, tmp_path: Path
):
    terminal = Terminal(namespace, tmp_path)
    terminal.run(SECRETS)
    assert "https://chat.example.org/" in terminal.run(INSTALL)
    tested = terminal.run(TEST)
    # By the addresses of both gateways and by the Service; newer versions of helm print it twice.
    assert tested.count("turns away who shows no token: token_missing") in (3, 6)
    assert "4 clients got 4 messages each, once and in order" in tested
    with terminal.typed(CLIENT) as ada:
        ada_is_on = ada.wait_for(r"Ada via (\S+): hello")
        before = Release(namespace).pod_names("gateway")
        [other] = before - {ada_is_on}
        bob_says_hello(terminal, other, ada)
        eve_is_put_out(terminal, other)
        everything_is_seen(terminal, before)
        it_grows_and_changes(terminal)
        [new] = Release(namespace).pod_names("gateway") - before
        bob_says_hello(terminal, new, ada)
        ada.wait_for(r"renewed: \{'user': 'user-ada', 'name': 'Ada', 'seconds': (\d+)")
        assert ada.said.count("signed in as Ada") == 1  # and has never been away
    terminal.run(AWAY)
    assert namespace.name not in kubectl("get", "namespaces", "--output=name")


def bob_says_hello(terminal: Terminal, gateway: str, ada: Typed) -> None:
    with terminal.typed(CLIENT, somebody("Bob", gateway)) as bob:
        bob.wait_for("stored as (.+)")
        ada.wait_for(f"(Bob via {gateway}: hello)")


def eve_is_put_out(terminal: Terminal, gateway: str) -> None:
    assert '"error"' not in terminal.run(BAN)
    with terminal.typed(CLIENT, somebody("Eve", gateway)) as eve:
        eve.wait_for("not let in: .*(banned)")


def everything_is_seen(terminal: Terminal, gateways: set[str]) -> None:
    seen = terminal.run(LOOK)
    assert "0 problems" in seen, seen
    assert all(re.search(rf"^{name} .*\bready\b", seen, re.MULTILINE) for name in gateways), seen


def it_grows_and_changes(terminal: Terminal) -> None:
    """As the page shows it, but for the age."""
    shown = CHANGE.text.splitlines()[-1].split()[:-1]
    assert terminal.run(CHANGE).splitlines()[-1].split()[:-1] == shown
