"""`chatcluster doctor` and `top` look at a release as whoever has a kubeconfig."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.documented import on_cluster
from tests.e2e.command import COMMAND
from tests.e2e_cluster.kubectl import run
from tests.e2e_cluster.release import Release

pytestmark = pytest.mark.timeout(240)


LOOKING = on_cluster("docs/operation.md", "chatcluster top --release")


def looked(release: Release, command: str) -> list[dict[str, Any]]:
    [written] = [one for one in LOOKING.commands if one.startswith(f"chatcluster {command} ")]
    here = written.replace("--namespace chat", f"--namespace {release.namespace.name}")
    where = here.split()[2:]
    found: list[dict[str, Any]] = json.loads(run(str(COMMAND), command, "--json", *where))
    return found


def test_the_doctor_finds_no_problem_in_what_the_chart_installs(release: Release):
    """With one it would end with code 1."""
    findings = looked(release, "doctor")
    assert {one["severity"] for one in findings} <= {"advice"}, findings


def test_top_shows_every_gateway_past_the_network_policies(release: Release):
    rows = {row["name"]: row for row in looked(release, "top")}
    gateways = release.pod_names("gateway")
    assert gateways <= rows.keys()
    assert {rows[name]["state"] for name in gateways} == {"ready"}
