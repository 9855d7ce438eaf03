"""Which web pages may connect."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_gateway.limits.origins import Origin, Origins

LABELS = st.from_regex(r"[a-z0-9](?:[a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
HOSTS = st.lists(LABELS, min_size=1, max_size=4).map(".".join)
PORTS = st.none() | st.integers(1, 65535)


def origin_of(scheme, host, port):
    return f"{scheme}://{host}" + (f":{port}" if port else "")


@given(host=HOSTS, port=PORTS, served=PORTS, scheme=st.sampled_from(["http", "https"]))
def test_pages_of_the_same_host_may(host, port, served, scheme):
    authority = f"{host}:{served}" if served else host
    assert Origins(["same-host"]).allow([origin_of(scheme, host, port)], authority.upper())


@given(host=HOSTS, other=HOSTS)
def test_pages_of_other_hosts_may_not(host, other):
    if host != other and {host, other} != {"localhost", "127.0.0.1"}:
        assert not Origins(["same-host"]).allow([f"https://{other}"], host)


@given(host=HOSTS, prefix=LABELS, suffix=LABELS)
def test_no_host_is_taken_for_another_that_is_spelled_alike(host, prefix, suffix):
    origins = Origins([f"https://{host}", f"https://*.{host}"])
    assert origins.allow([f"https://{host}"], "x")
    assert origins.allow([f"https://{prefix}.{host}"], "x")
    assert not Origins([f"https://*.{host}"]).allow([f"https://{host}"], "x")
    assert not origins.allow([f"https://{prefix}{host}"], "x")
    assert not origins.allow([f"https://{host}.{suffix}-evil"], "x")
    assert not origins.allow([f"http://{host}"], "x")
    assert not origins.allow([f"https://{host}:8443"], "x")
    assert not origins.allow([f"https://{host}@{suffix}.example"], "x")
    assert not origins.allow([f"https://{suffix}.example/{host}"], "x")


@given(st.text(max_size=40))
def test_nonsense_is_no_origin(text):
    origins = Origins(["same-host", "https://chat.example"])
    if Origin.read(text) is None:
        assert not origins.allow([text], "chat.example")


@given(st.lists(st.text(max_size=10), max_size=3), st.text(max_size=10))
def test_all_pages_may_where_that_is_asked_for(given_, host):
    assert Origins(["*"]).allow(given_, host)


def test_programs_that_send_none_may():
    assert Origins(["https://chat.example"]).allow([], "chat.example")


def test_two_origins_are_none():
    assert not Origins(["same-host"]).allow(["https://chat.example"] * 2, "chat.example")


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "[::1]"])
def test_this_machine_has_several_names(name):
    assert Origins(["same-host"]).allow([f"http://{name}:8000"], "localhost:8001")


@pytest.mark.parametrize("host", ["", "chat.example/", "a b", "[::1", "chat.example:port"])
def test_a_host_that_is_none_is_nobodys(host):
    assert not Origins(["same-host"]).allow(["https://chat.example"], host)


def test_pages_without_an_origin_of_their_own_may_where_that_is_asked_for():
    assert not Origins(["same-host"]).allow(["null"], "null")
    assert Origins(["null"]).allow(["null"], "chat.example")


@pytest.mark.parametrize("port", ["", ":443"])
def test_the_usual_port_need_not_be_written(port):
    assert Origins([f"https://chat.example{port}"]).allow(["https://chat.example"], "x")


def test_a_pattern_that_is_none_is_refused():
    with pytest.raises(ValueError, match=r"chat\.example"):
        Origins(["chat.example"])
