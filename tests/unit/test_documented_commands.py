"""Commands of the documentation that a test cannot run as they stand, since they end never, build
images, install packages or need another machine: what they name is there.
"""

from __future__ import annotations

import re
import shlex
import subprocess

import pytest

from chat_local.cli import execute
from chat_local.run_settings import RunSettings
from chatcluster.runtime.settings import GatewaySettings, HubSettings
from chatcluster.runtime.worker_settings import WorkerSettings
from tests.documented import ROOT, Block, checked

BLOCKS = (
    checked("README.md", "make run"),
    checked("README.md", "make images"),
    checked("docs/getting-started.md", "make run"),
    checked("docs/getting-started.md", "export CHAT_AUTH=jwt"),
    checked("docs/getting-started.md", "make images"),
    checked("docs/getting-started.md", "kind load"),
    checked("docs/getting-started.md", "docker push"),
    checked("docs/hub.md", "chatcluster run --mode hub\n"),
    checked("docs/hub.md", "--hubs 3"),
    checked("docs/hub.md", "CHAT_HUB_ROUTES"),
    checked("docs/images.md", "make images"),
    checked("docs/images.md", "PYTHON_IMAGE"),
    checked("docs/images.md", "kind load"),
    checked("docs/limits.md", "CHAT_ORIGINS"),
    checked("docs/migrating.md", "chatcluster gateway"),
    checked("docs/new-mode.md", "pip install"),
    checked("docs/operation.md", "chatcluster[otel]"),
    checked("docs/redis-mode.md", "CHAT_HISTORY=redis"),
    checked("docs/redis-mode.md", "CHAT_REDIS_EVENTS="),
    checked("docs/workers.md", "CHAT_JOB_EVENTS="),
)
NAMED = r"(?:^|\s)(?:export )?([A-Z][A-Z_]*)="
OURS = {
    f"CHAT_{name.upper()}"
    for model in (GatewaySettings, HubSettings, RunSettings, WorkerSettings)
    for name in model.model_fields
} | {"CHAT_NATS_URL"}
BUILDING = {"IMAGE_REGISTRY", "IMAGE_TAG", "PYTHON_IMAGE", "IMAGES"}


def words(command: str) -> list[str]:
    """Without the variables that are set before it."""
    if command.startswith("export "):
        return []
    found = shlex.split(command)
    while found and re.match(r"^[A-Z_]+=", found[0]):
        del found[0]
    return found


every_block = pytest.mark.parametrize("block", BLOCKS, ids=lambda b: f"{b.page}:{b.line}")


@every_block
def test_variables_are_settings(block: Block):
    assert set(re.findall(NAMED, block.script)) <= OURS | BUILDING


def commands(program: str) -> list[list[str]]:
    every = [words(line) for block in BLOCKS for line in block.script.splitlines()]
    return [command for command in every if command[:1] == [program]]


@pytest.mark.parametrize("command", commands("chatcluster"), ids=" ".join)
def test_options_are_understood(command: list[str], capsys: pytest.CaptureFixture[str]):
    # A mode of a package that is not installed here is named by its own test.
    arguments = [argument for argument in command[1:] if argument != "nats"]
    if arguments != command[1:]:
        arguments.remove("--mode")
    assert execute([*arguments, "--help"]) == 0
    assert "Usage: chatcluster" in capsys.readouterr().out


@pytest.mark.parametrize("command", commands("make"), ids=" ".join)
def test_targets_of_make_do_what_the_page_says(command: list[str]):
    """`make --dry-run` says what would be run."""
    done = subprocess.run(
        [*command, "--dry-run"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    program = {"run": "chatcluster run", "images": "docker/build", "e2e": "tests/e2e_cluster"}
    assert program[command[1]] in done.stdout


def test_images_are_called_what_they_are_built_as():
    version = re.search(r'^version = "(.*)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version is not None
    targets = set(re.findall(r"^FROM \S+ AS (\S+)$", (ROOT / "Dockerfile").read_text(), re.M))
    for command in [*commands("kind"), *commands("docker")]:
        images = [word for word in command if ":" in word]
        assert images
        for image in images:
            name, _, tag = image.rpartition("/")[2].partition(":")
            assert name in targets
            assert tag == version[1]


def test_packages_to_install_are_there():
    for command in commands("pip"):
        package = command[-1]
        if package.startswith("."):
            assert (ROOT / package / "pyproject.toml").is_file()
        else:
            extra = re.fullmatch(r"chatcluster\[(\w+)\]", package)
            assert extra is not None
            assert f"\n{extra[1]} = [" in (ROOT / "pyproject.toml").read_text()


def test_every_command_is_looked_at():
    programs = {"chatcluster", "make", "kind", "docker", "pip", "valkey-cli", "helm"}
    for block in BLOCKS:
        for line in block.script.splitlines():
            assert words(line)[:1] == [] or words(line)[0] in programs, line
