"""What URLs of several servers say."""

from __future__ import annotations

import pytest

from chatcluster.connections.redis_cluster import Cluster
from chatcluster.connections.redis_link import Endpoint
from chatcluster.connections.redis_sentinel import Sentinel
from chatcluster.connections.redis_target import Single
from chatcluster.connections.redis_url import target


def places(endpoints: object) -> list[tuple[str, int]]:
    assert isinstance(endpoints, list)
    return [(one.host, one.port) for one in endpoints]


def test_one_server() -> None:
    found = target("redis://cache:7000")
    assert isinstance(found, Single)
    assert (found.endpoint.host, found.endpoint.port) == ("cache", 7000)


def test_the_servers_of_a_cluster_have_one_login() -> None:
    found = target("redis+cluster://chat:s%40cret@one:7000,two,[::1]:7002")
    assert isinstance(found, Cluster)
    assert places(found.seeds) == [("one", 7000), ("two", 6379), ("::1", 7002)]
    assert {seed.credentials for seed in found.seeds} == {("chat", "s@cret")}


def test_sentinels_and_the_master_that_they_know() -> None:
    found = target("redis+sentinel://:secret@one,two:26380/mymaster/0")
    assert isinstance(found, Sentinel)
    assert places(found.seeds) == [("one", 26379), ("two", 26380)]
    assert {seed.credentials for seed in found.seeds} == {()}
    assert (found.name, found.master.credentials) == ("mymaster", ("secret",))


def test_sentinels_may_have_a_login_of_their_own() -> None:
    options = "sentinel_username=ann&sentinel_password=s%2Fp%40"
    found = target(f"redis+sentinel://chat:secret@one/mymaster?{options}")
    assert isinstance(found, Sentinel)
    assert found.seeds[0].credentials == ("ann", "s/p@")
    assert found.master.credentials == ("chat", "secret")
    alone = target("redis+sentinel://one/mymaster?sentinel_password=x")
    assert isinstance(alone, Sentinel)
    assert (alone.seeds[0].credentials, alone.master.credentials) == (("x",), ())


@pytest.mark.parametrize("url", ["rediss+cluster://one,two", "rediss+sentinel://one/m"])
def test_all_of_them_may_be_encrypted(url: str) -> None:
    found = target(url)
    endpoints: list[Endpoint] = list(found.seeds)  # type: ignore[attr-defined]
    if isinstance(found, Sentinel):
        endpoints.append(found.master)
    assert all(endpoint.tls is not None for endpoint in endpoints)


@pytest.mark.parametrize(
    "url",
    [
        "redis+sentinel://one",
        "redis+sentinel://one/",
        "redis+elsewhere://one",
        "http+cluster://one",
        "redis+cluster://one:x",
        "rediss+cluster://one?ssl_ca_certs=/nowhere",
    ],
)
def test_a_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="not a usable Redis URL"):
        target(url)
