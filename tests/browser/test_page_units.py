"""What of the page needs no browser: its state, and the files that it is made of."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.servers import missing

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PAGE = ROOT / "services" / "gateway" / "chat_gateway" / "page"
BUNDLE = "socket.io.esm.min.js"
SOURCES = sorted(
    path
    for path in PAGE.rglob("*")
    if path.suffix in {".js", ".html", ".css", ".svg"} and "vendor" not in path.parts
)


@pytest.mark.node
@pytest.mark.timeout(60)
def test_the_modules_without_dom() -> None:
    if shutil.which("node") is None:
        missing("node")
    tests = sorted((HERE / "unit").glob("*.test.mjs"))
    done = subprocess.run(["node", "--test", *tests], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.node
def test_the_socketio_client_is_the_locked_packages_file() -> None:
    locked = json.loads((ROOT / "tests" / "package-lock.json").read_text())["packages"]
    version = locked["node_modules/socket.io-client"]["version"]
    ours = (PAGE / "vendor" / BUNDLE).read_bytes()
    assert f"Socket.IO v{version}".encode() in ours
    assert version in (PAGE / "vendor" / "README.md").read_text()
    package = ROOT / "tests" / "node_modules" / "socket.io-client" / "dist" / BUNDLE
    if not package.exists():
        missing("tests/node_modules")
    assert ours == package.read_bytes()


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(PAGE)))
def test_nothing_in_it_needs_a_weaker_policy(source: Path) -> None:
    """No inline scripts, styles or handlers, no markup made of texts, nothing from elsewhere."""
    text = source.read_text()
    forbidden = {
        "innerHTML": r"innerHTML|outerHTML|insertAdjacentHTML|document\.write",
        "eval": r"\beval\(|new Function\(",
    }
    if source.suffix in {".html", ".svg"}:
        forbidden["inline script"] = r"<script(?![^>]*\ssrc=)|\son[a-z]+\s*="
        forbidden["inline style"] = r"<style|\sstyle\s*="
        forbidden["from elsewhere"] = r"(?:src|href)=\"(?:https?:)?//"
    if source.suffix == ".css":
        forbidden["from elsewhere"] = r"url\(\s*[\"']?(?:https?:)?//|@import"
    assert [what for what, pattern in forbidden.items() if re.search(pattern, text)] == []


def test_everything_the_page_refers_to_is_there() -> None:
    index = (PAGE / "index.html").read_text()
    files = set(re.findall(r'(?:src|href)="page/([^"#]+)', index))
    assert files
    assert [name for name in sorted(files) if not (PAGE / name).is_file()] == []
    icons = (PAGE / "icons.svg").read_text()
    used = set(re.findall(r"icons\.svg#([a-z]+)", index))
    assert [name for name in sorted(used) if f'id="{name}"' not in icons] == []
