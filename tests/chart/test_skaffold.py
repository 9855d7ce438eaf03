"""skaffold.yaml: valid for Skaffold, and what it names is there."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.chart.chart import Manifest, helm

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((Path(__file__).parent / "schemas" / "skaffold.json").read_text())
# As Skaffold reads it: what begins with a dot is there to be referred to.
CONFIG = {
    key: value
    for key, value in yaml.safe_load((ROOT / "skaffold.yaml").read_text()).items()
    if not key.startswith(".")
}
PROFILES = {profile["name"]: profile for profile in CONFIG["profiles"]}
MODES = ("isolated", "hub", "postgres", "redis", "adapter")


def with_profile(name: str) -> dict[str, Any]:
    """What is in force with a profile: it replaces lists, and is laid onto the rest."""
    return {**CONFIG, **{key: value for key, value in PROFILES[name].items() if key != "name"}}


def wrong_in(config: dict[str, Any]) -> list[str]:
    return [error.message for error in jsonschema.Draft7Validator(SCHEMA).iter_errors(config)]


def test_it_is_valid():
    assert wrong_in(CONFIG) == []


@pytest.mark.parametrize(
    "path", [("deploy", "helm", "releases"), ("build", "artifacts"), ("portForward",), ()]
)
def test_a_key_that_skaffold_does_not_know_is_found(path):
    config = copy.deepcopy(CONFIG)
    place: Any = config
    for key in path:
        place = place[key]
    (place[0] if isinstance(place, list) else place)["surprise"] = 1
    assert wrong_in(config)


def test_there_is_a_profile_for_each_mode_and_none_changes_by_position():
    assert set(PROFILES) == {*MODES, "published"}
    assert not any("patches" in profile for profile in PROFILES.values())


@pytest.mark.parametrize("config", [CONFIG, *map(with_profile, PROFILES)])
def test_images_are_targets_of_the_dockerfile(config):
    targets = re.findall(r"^FROM .* AS (\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    for artifact in config["build"]["artifacts"]:
        assert artifact["docker"]["target"] in targets


def test_every_file_of_our_programs_is_copied_into_running_pods():
    tracked = {
        path
        for folder in ("services", "operator")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    for artifact in CONFIG["build"]["artifacts"]:
        rules = artifact["sync"]["manual"]
        assert {rule["dest"] for rule in rules} == {"/app"}
        copied = {path for rule in rules for path in ROOT.glob(rule["src"]) if path.is_file()}
        assert tracked - copied == {ROOT / "services/shared/chatcluster/py.typed"}


@pytest.mark.parametrize("profile", [None, *PROFILES])
def test_what_it_installs_is_rendered_and_has_the_service_that_it_forwards(profile: str | None):
    config = with_profile(profile) if profile else CONFIG
    manifests = rendered(config)
    (forwarded,) = config["portForward"]
    (service,) = (
        one
        for one in manifests
        if one["kind"] == "Service" and one["metadata"]["name"] == forwarded["resourceName"]
    )
    assert service["metadata"]["namespace"] == forwarded["namespace"]
    assert forwarded["port"] in [port["name"] for port in service["spec"]["ports"]]
    assert mode_of(manifests) == (profile if profile in MODES else "adapter")


@pytest.mark.parametrize("mode", MODES)
def test_pods_for_development_restart_their_programs_and_can_be_written_to(mode):
    ours = [
        container
        for manifest in rendered(with_profile(mode))
        if manifest["kind"] in ("Deployment", "StatefulSet")
        for container in manifest["spec"]["template"]["spec"]["containers"]
        if container["image"] in ("chatcluster:built", "chatcluster-operator:built")
    ]
    assert {container["name"] for container in ours} == {"gateway", "hub", "worker", "operator"}
    for container in ours:
        assert container["command"][0] == "restart-on-change"
        assert not container["securityContext"]["readOnlyRootFilesystem"]


def rendered(config: dict[str, Any]) -> list[Manifest]:
    (release,) = config["deploy"]["helm"]["releases"]
    given = {
        f"{part}image.{key}": value
        for part, image in (("", "chatcluster"), ("operator.", "chatcluster-operator"))
        for key, value in (("repository", image), ("tag", "built"))
    }
    assert set(release["setValueTemplates"]) == set(given)
    given |= release.get("setValues", {})
    arguments = [
        *(f"--values={ROOT / path}" for path in release.get("valuesFiles", ())),
        *(f"--set={key}={as_helm_reads(value)}" for key, value in given.items()),
    ]
    chart = str(ROOT / release["chartPath"])
    namespace = f"--namespace={release['namespace']}"
    done = helm("template", release["name"], chart, namespace, *arguments)
    assert done.returncode == 0, done.stderr
    return [manifest for manifest in yaml.safe_load_all(done.stdout) if manifest]


def as_helm_reads(value: str | bool) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def mode_of(manifests: list[Manifest]) -> str:
    """As the operator is told."""
    (chat,) = (one for one in manifests if one["kind"] == "ChatCluster")
    mode: str = chat["spec"]["fanout"]["mode"]
    return mode
