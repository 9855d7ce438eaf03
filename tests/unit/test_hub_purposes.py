"""Mode `hub`: hubs for chosen namespaces, and who stands in for them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatcluster.core.envelope import RoomKey
from chatcluster.fanout.hub.hubs import Hubs
from chatcluster.fanout.hub.routes import order, target, wanted_at

URLS = [f"http://hub-{number}" for number in range(5)]
NAMESPACES = ["/", "/room", "/rooms", "/messages/tea", "/messages/", "/messages", "/other", ""]
PATTERNS = ["/room", "/messages/*", "/m*", "/*", "/messages/tea"]

some_urls = st.sets(st.sampled_from(URLS), min_size=1)
all_hubs = st.builds(
    Hubs.of, some_urls, st.dictionaries(st.sampled_from(PATTERNS), some_urls.map(sorted))
)
keys = st.builds(RoomKey, st.sampled_from(NAMESPACES), st.text(max_size=3))


@given(all_hubs, keys)
def test_every_room_has_an_order_of_all_hubs(hubs: Hubs, key: RoomKey) -> None:
    ordered = order(key, hubs)
    assert sorted(ordered) == sorted(hubs.all)


@given(all_hubs, keys)
def test_those_of_the_purpose_come_first_then_the_general_ones(hubs: Hubs, key: RoomKey) -> None:
    own, general, others = hubs.tiers(key.namespace)
    ordered = order(key, hubs)
    assert set(ordered[: len(own)]) == own
    assert set(ordered[len(own) : len(own) + len(general)]) == general == hubs.general - own
    assert set(ordered[len(own) + len(general) :]) == others


@given(all_hubs, keys, st.data())
def test_a_hubs_death_moves_only_its_rooms_and_first_within_the_purpose(
    hubs: Hubs, key: RoomKey, data: st.DataObject
) -> None:
    gone = data.draw(st.sampled_from(sorted(hubs.all)))
    before, after = target(key, hubs, hubs.all), target(key, hubs, hubs.all - {gone})
    own, general, _ = hubs.tiers(key.namespace)
    if before != gone:
        assert after == before
    elif rest := (own - {gone}) or (general - {gone}):
        assert after in rest


@given(all_hubs, keys, st.data())
def test_what_is_published_finds_who_can_use_no_more_than_one_hub_besides(
    hubs: Hubs, key: RoomKey, data: st.DataObject
) -> None:
    some = st.sets(st.sampled_from(sorted(hubs.all)))
    publisher, receiver = data.draw(some), data.draw(some)
    found = target(key, hubs, publisher)
    assert (found is None) == (not publisher)
    if found is not None and len(receiver - publisher) <= 1:
        assert found in wanted_at(key, hubs, receiver)


@pytest.mark.parametrize(
    ("namespace", "url"),
    [
        ("/room", URLS[1]),
        ("/rooms", URLS[0]),
        ("/messages/tea", URLS[3]),
        ("/messages/coffee", URLS[2]),
        ("/messages/", URLS[2]),
        ("/messages", URLS[4]),
        ("/", URLS[0]),
    ],
)
def test_the_pattern_that_says_most_counts(namespace: str, url: str) -> None:
    hubs = Hubs.of(
        URLS[:1],
        {
            "/m*": URLS[4:],
            "/messages/*": URLS[2:3],
            "/messages/tea": URLS[3:4],
            "/room": URLS[1:2],
        },
    )
    assert order(RoomKey(namespace, "x"), hubs)[0] == url


def test_rooms_of_a_purpose_spread_over_its_hubs() -> None:
    hubs = Hubs.of(URLS[:1], {"/room": URLS[1:4]})
    firsts = [order(RoomKey("/room", f"room-{number}"), hubs)[0] for number in range(300)]
    assert min(firsts.count(url) for url in URLS[1:4]) > 50


def test_who_knows_the_same_hubs_has_the_same_digest() -> None:
    first = Hubs.of(URLS[:2], {"/room": URLS[2:4], "/x": URLS[:1]})
    assert first.digest == Hubs.of(URLS[1::-1], {"/x": URLS[:1], "/room": URLS[3:1:-1]}).digest
    assert first.digest != Hubs.of(URLS[:2], {"/room": URLS[2:3], "/x": URLS[:1]}).digest
    assert first.digest != Hubs.of(URLS[:2]).digest


def test_a_single_hub_may_be_known_by_several_addresses() -> None:
    assert Hubs.of(["http://127.0.0.1:8100"]).digest == Hubs.of(["http://hub:8100/"]).digest


@pytest.mark.parametrize("pattern", ["", "room", "*", "/a*b", "/**"])
def test_a_pattern_that_is_none_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="namespace"):
        Hubs.of(URLS, {pattern: URLS})


def test_an_address_that_is_none_is_refused() -> None:
    for urls, own in (([], URLS), (URLS, ["hub:8100"]), (["redis://hub"], URLS)):
        with pytest.raises(ValueError, match="hub"):
            Hubs.of(urls, {"/room": own})
