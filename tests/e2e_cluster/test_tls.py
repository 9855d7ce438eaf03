"""A Redis that is reached by TLS alone, with a certificate authority of one's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chart.chart import merged
from tests.e2e_cluster import secure_redis
from tests.e2e_cluster.conftest import MakeNamespace
from tests.e2e_cluster.release import Release

pytestmark = pytest.mark.timeout(240)

QUICK = {"gateway": {"leaving": {"settleSeconds": 0, "drainSeconds": 0}}}


def test_clients_chat_over_a_redis_that_speaks_tls(make_namespace: MakeNamespace, tmp_path: Path):
    namespace = make_namespace()
    secure_redis.create(namespace, tmp_path)
    release = Release(namespace, merged(secure_redis.VALUES, QUICK, {"worker": {"enabled": True}}))
    release.install()
    assert "once and in order" in release.test()
    release.uninstall()
