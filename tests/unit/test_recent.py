"""What is remembered for a while."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chatcluster.core.recent import Recent


def test_a_name_is_known_for_its_time_and_no_longer() -> None:
    recent: Recent[str] = Recent(10, 5)
    recent.put("a", "first", 0)
    assert recent.get("a", 9.9) == "first"
    assert recent.get("a", 10) is None
    assert len(recent) == 0


def test_what_is_put_again_lives_longer_and_with_the_new_value() -> None:
    recent: Recent[str] = Recent(10, 5)
    recent.put("a", "first", 0)
    recent.put("a", "second", 8)
    assert recent.get("a", 17) == "second"


def test_the_oldest_name_makes_room_for_the_newest() -> None:
    recent: Recent[int] = Recent(10, 2)
    for number, name in enumerate("abc"):
        recent.put(name, number, 0)
    assert [recent.get(name, 0) for name in "abc"] == [None, 1, 2]


def test_what_is_forgotten_can_be_put_again() -> None:
    recent: Recent[int] = Recent(10, 2)
    recent.put("a", 1, 0)
    recent.forget("a")
    recent.forget("never put")
    assert recent.get("a", 0) is None


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.floats(0, 5))))
def test_it_knows_the_last_names_of_the_last_seconds(
    steps: list[tuple[str, float]],
) -> None:
    recent: Recent[int] = Recent(10, 3)
    put: dict[str, tuple[float, int]] = {}
    now = 0.0
    for number, (name, later) in enumerate(steps):
        now += later
        recent.put(name, number, now)
        put.pop(name, None)
        put[name] = (now, number)
        last = dict(list(put.items())[-3:])
        for each in "abcdef":
            since, value = last.get(each, (float("-inf"), -1))
            assert recent.get(each, now) == (value if now < since + 10 else None)
