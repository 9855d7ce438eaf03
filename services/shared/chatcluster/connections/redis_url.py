"""URLs of Redis or Valkey, also of many servers.

    redis://[user:password@]host[:port][/db][?option=…]
    redis+sentinel://[user:password@]host[:port][,host[:port]…]/name[/db][?option=…]
    redis+cluster://[user:password@]host[:port][,host[:port]…][?option=…]

`rediss` in place of `redis` means TLS, with the options of redis-py, such as `ssl_ca_certs=FILE`.
User and password are for the servers that carry; for Sentinels that ask for one too they are given
by `sentinel_username` and `sentinel_password`.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from chatcluster.connections.redis import endpoint
from chatcluster.connections.redis_cluster import Cluster
from chatcluster.connections.redis_link import Endpoint
from chatcluster.connections.redis_sentinel import Sentinel
from chatcluster.connections.redis_target import Single, Target

SENTINEL_PORT = 26379


def target(url: str) -> Target:
    """Reads the files that the URL names for TLS. Raises ValueError for a URL that is none."""
    scheme, _, kind = urlsplit(url).scheme.partition("+")
    if not kind:
        return Single(endpoint(url))
    if kind == "cluster":
        return Cluster(_endpoints(url, scheme))
    if kind == "sentinel":
        return _sentinel(url, scheme)
    raise ValueError(f"not a usable Redis URL: no scheme {scheme}+{kind}")


def _sentinel(url: str, scheme: str) -> Sentinel:
    parts = urlsplit(url)
    name = parts.path.strip("/").partition("/")[0]
    if not name:
        raise ValueError("not a usable Redis URL: the path names no master")
    options = dict(parse_qsl(parts.query))
    ours = [options.pop(f"sentinel_{word}", "") for word in ("username", "password")]
    query = urlencode(options)
    master = _endpoints(parts._replace(query=query).geturl(), scheme)[0]
    hosts = parts.netloc.rpartition("@")[2]
    login = ":".join(quote(word, safe="") for word in ours) + "@" if any(ours) else ""
    asked = parts._replace(netloc=login + hosts, query=query).geturl()
    return Sentinel(_endpoints(asked, scheme, SENTINEL_PORT), name, master)


def _endpoints(url: str, scheme: str, port: int | None = None) -> list[Endpoint]:
    """One for each host of the URL."""
    parts = urlsplit(url)
    login, at, hosts = parts.netloc.rpartition("@")
    return [
        endpoint(f"{scheme}://{login}{at}{_with_port(host, port)}/?{parts.query}")
        for host in hosts.split(",")
    ]


def _with_port(host: str, port: int | None) -> str:
    named = host.rpartition("]")[2].rpartition(":")[1]  # an IPv6 address is in brackets
    return host if named or port is None else f"{host}:{port}"
