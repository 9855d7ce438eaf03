"""What a real API server takes and refuses of a ChatCluster, by its CRD alone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chat_operator import crd
from chat_operator.spec import GROUP, KIND, VERSION
from tests.e2e_cluster.conftest import MakeNamespace
from tests.e2e_cluster.kubectl import Namespace, kubectl
from tests.operator.test_crd import EXAMPLES, GOOD, REFUSED

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def namespace(make_namespace: MakeNamespace) -> Namespace:
    namespace = make_namespace()
    kubectl("apply", "--server-side", "--force-conflicts", "--filename=-", stdin=crd.as_yaml())
    kubectl("wait", f"crd/{crd.NAME}", "--for=condition=Established", "--timeout=60s")
    return namespace


def _create(namespace: Namespace, resource: dict[str, Any]) -> str:
    flags = ("--dry-run=server", "--validate=strict", "--filename=-")
    return namespace.kubectl("create", *flags, stdin=json.dumps(resource))


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_an_example_of_the_documentation_is_taken(namespace: Namespace, number: int):
    assert "created" in _create(namespace, EXAMPLES[number])


@pytest.mark.parametrize("broken", REFUSED.values(), ids=REFUSED)
def test_what_the_operator_refuses_the_api_server_refuses(
    namespace: Namespace, broken: dict[str, Any]
):
    resource = {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": KIND,
        "metadata": {"name": "talk"},
        "spec": _without_nothing({**GOOD, **broken}),
    }
    with pytest.raises(AssertionError, match=r"is invalid|strict decoding error"):
        _create(namespace, resource)


def _without_nothing(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nothing(one) for key, one in value.items() if one is not None}
    return value
