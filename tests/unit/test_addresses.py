"""Whose address a request came from: nobody's word is taken who is not trusted."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_gateway.limits.addresses import Proxies, neighbourhood, parse

TRUSTED = ("10.0.0.0/8", "fd00::/8")
PROXIES = st.one_of(
    st.ip_addresses(v=4, network="10.0.0.0/8"), st.ip_addresses(v=6, network="fd00::/8")
).map(str)
STRANGERS = st.one_of(
    st.ip_addresses(v=4, network="203.0.113.0/24"), st.ip_addresses(v=6, network="2001:db8::/32")
).map(str)
# A quote that is never closed swallows what follows: `test_forwarded_as_the_rfc_has_it` has those.
LIES = st.lists(
    PROXIES | STRANGERS | st.text(st.characters(exclude_characters='"'), max_size=20), max_size=5
)


def as_element(hop):
    """Of `Forwarded` (RFC 7239 section 6)."""
    return f'for="[{hop}]:4711";proto=https' if ":" in hop else f"for={hop}"


@pytest.mark.parametrize(("header", "shape"), [("x-forwarded-for", str), ("forwarded", as_element)])
@given(lies=LIES, client=STRANGERS, proxies=st.lists(PROXIES, min_size=1, max_size=4))
def test_the_client_is_the_first_stranger_from_our_side_whatever_it_claims(
    header, shape, lies, client, proxies
):
    told = ", ".join([*lies, *map(shape, [client, *proxies[1:]])])
    found = Proxies(TRUSTED, header).client(proxies[0], [told])
    assert found == str(ipaddress.ip_address(client))


@given(peer=STRANGERS, lies=LIES)
def test_a_stranger_is_not_believed(peer, lies):
    for header in ("x-forwarded-for", "forwarded"):
        assert Proxies(TRUSTED, header).client(peer, lies) == str(ipaddress.ip_address(peer))


@given(peer=st.text(max_size=10), lies=LIES)
def test_without_trusted_proxies_the_peer_counts(peer, lies):
    assert Proxies().client(peer, lies) == peer


@given(peer=PROXIES, told=st.lists(st.text(max_size=60), max_size=4))
def test_whatever_is_told_leads_to_an_address(peer, told):
    for header in ("x-forwarded-for", "forwarded"):
        assert parse(Proxies(TRUSTED, header).client(peer, told)) is not None


@pytest.mark.parametrize(
    ("told", "client"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("203.0.113.7:5000", "203.0.113.7"),
        ("2001:db8::7", "2001:db8::7"),
        ("[2001:db8::7]:443", "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("198.51.100.1, 203.0.113.7, 10.9.9.9", "203.0.113.7"),
        ("203.0.113.7, unknown", "10.1.1.1"),
        ("203.0.113.7, _hidden, 10.2.2.2", "10.2.2.2"),
        ("10.3.3.3, 10.2.2.2", "10.3.3.3"),
        ("", "10.1.1.1"),
        (" , ", "10.1.1.1"),
        ("010.0.0.1", "10.1.1.1"),
        ("203.0.113.7\u0660", "10.1.1.1"),
    ],
)
def test_x_forwarded_for_as_proxies_write_it(told, client):
    assert Proxies(TRUSTED).client("10.1.1.1", [told]) == client


@pytest.mark.parametrize(
    ("told", "client"),
    [
        ("for=203.0.113.7", "203.0.113.7"),
        ("For=203.0.113.7;proto=http;by=203.0.113.43", "203.0.113.7"),
        ('proto=https;for="[2001:db8:cafe::17]:4711"', "2001:db8:cafe::17"),
        ('for="203.0.113.7:80"', "203.0.113.7"),
        ("for=198.51.100.1, for=203.0.113.7", "203.0.113.7"),
        ('for=198.51.100.1;secret=", for=1.2.3.4", for=203.0.113.7', "203.0.113.7"),
        ('for=203.0.113.7, for="never closed', "10.1.1.1"),
        ("for=unknown", "10.1.1.1"),
        ("for=_hidden", "10.1.1.1"),
        ("by=203.0.113.7", "10.1.1.1"),
        ("xfor=203.0.113.7", "10.1.1.1"),
    ],
)
def test_forwarded_as_the_rfc_has_it(told, client):
    assert Proxies(TRUSTED, "forwarded").client("10.1.1.1", [told]) == client


def test_repeated_headers_are_one_list():
    assert Proxies(TRUSTED).client("10.1.1.1", ["203.0.113.7", "10.2.2.2"]) == "203.0.113.7"


def test_a_long_list_takes_no_longer_than_its_trusted_end():
    """The walk ends at the first stranger, however much the client has written."""
    told = ",".join(["1.2.3.4"] * 2000)
    assert Proxies(TRUSTED).client("10.1.1.1", [told]) == "1.2.3.4"


@given(st.ip_addresses(v=6))
def test_a_subscriber_of_ipv6_is_one_neighbour_whichever_address_it_takes(address):
    if address.ipv4_mapped is None:
        other = ipaddress.IPv6Address(int(address) ^ 0xFFFF_0000_FFFF_0000)
        assert neighbourhood(str(address)) == neighbourhood(str(other))
        assert neighbourhood(str(address)).endswith("/64")


@given(st.ip_addresses(v=4))
def test_an_address_of_ipv4_stands_for_itself(address):
    assert neighbourhood(str(address)) == neighbourhood(f"::ffff:{address}") == str(address)


def test_what_is_no_address_stands_for_itself_too():
    assert neighbourhood("") == ""
