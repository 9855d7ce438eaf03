"""Commands of the documentation that are for a cluster, as far as one can see without one: helm
takes them, and what kubectl is told to find is in the chart.
"""

from __future__ import annotations

import re
import shlex

import pytest

from tests.chart.chart import CHART, helm, render
from tests.documented import ROOT, checked

BLOCKS = (
    checked("README.md", "make images"),
    checked("README.md", "helm upgrade"),
    checked("docs/getting-started.md", "kubectl create namespace chat"),
    checked("docs/getting-started.md", "helm install"),
    checked("docs/getting-started.md", "helm test"),
    checked("docs/getting-started.md", "port-forward service"),
    checked("docs/getting-started.md", "port-forward deployment"),
    checked("docs/getting-started.md", "chatcluster doctor"),
    checked("docs/getting-started.md", "autoscale.min=3"),
    checked("docs/getting-started.md", "helm uninstall"),
    checked("docs/kubernetes.md", "helm install"),
    checked("docs/kubernetes.md", "helm upgrade"),
    checked("docs/kubernetes.md", "persistentvolumeclaim"),
    checked("docs/kubernetes.md", "customresourcedefinition"),
    checked("docs/kubernetes.md", "apply --server-side"),
    checked("docs/operation.md", "--rdb"),
    checked("docs/operation.md", "wait pod --for=delete"),
    checked("docs/operation.md", "appendonlydir"),
    checked("docs/operation.md", "wait job/restored"),
    checked("docs/operator.md", "kubectl get cc"),
)
COMMANDS = [command for block in BLOCKS for command in block.commands]
HELM = [command for command in COMMANDS if re.match(r"helm (install|upgrade) ", command)]
VALUES = "examples/sign-in/values.yaml"


@pytest.mark.parametrize("command", HELM)
def test_helm_makes_manifests_of_what_is_to_be_deployed(command: str):
    """What there was before an upgrade is the values of the page's install, or none."""
    here = command.replace(VALUES, f"{ROOT}/{VALUES}").replace("charts/", f"{ROOT}/charts/")
    words = shlex.split(here)
    before = ["--values", str(ROOT / VALUES)] if "autoscale" in command else []
    own = {"--reuse-values", "--wait", "--create-namespace"}
    done = helm("template", *before, *(word for word in words[2:] if word not in own))
    assert done.returncode == 0, done.stderr


def test_what_is_named_is_in_the_chart():
    names = {manifest["metadata"]["name"] for manifest in render({})}
    named = {
        name.removesuffix("-0")
        for command in COMMANDS
        for name in re.findall(r"\btalk-chatcluster(?:-[a-z0-9]+)*", command)
    }
    assert len(named) >= 3
    assert named <= names


def test_secrets_that_the_values_name_are_made_before():
    (made,) = [command for command in COMMANDS if "create secret generic" in command]
    values = (ROOT / VALUES).read_text()
    assert "existingSecret: chat-auth" in values
    assert " chat-auth --from-literal=key=" in made
    (made,) = [command for command in COMMANDS if "create secret tls" in command]
    assert "tlsSecret: chat-tls" in values
    assert " chat-tls --cert " in made


def test_the_resource_is_called_what_kubectl_asks_for():
    crd = (CHART / "crds" / "chatclusters.yaml").read_text()
    for word in ("chatclusters.chatcluster.dev", "cc", "chatcluster"):
        assert re.search(rf"\b{re.escape(word)}\b", crd)
