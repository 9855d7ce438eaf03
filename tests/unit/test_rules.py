"""What may not be said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_worker.rules import Rules


def masked(text: str, *words: str, links: bool = True, hosts: tuple[str, ...] = ()) -> str | None:
    verdict = Rules(words, links=links, hosts=hosts).judge(text)
    return None if verdict is None else verdict.masked


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("you fool", "you ****"),
        ("FOOL! fool.", "****! ****."),
        ("foolish", None),
        ("a c++ fan", "a *** fan"),
        ("c++11", None),
        ("Straßenräuber", "*************"),
        ("fool's gold", "****** gold"),
        ("fool'n", "****'n"),
    ],
)
def test_whole_words_are_masked(text: str, expected: str | None) -> None:
    assert masked(text, "fool", "fool's", "c++", "straßenräuber") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see http://spam.example/x?y", "see " + "*" * 23),
        ("WWW.SPAM.EXAMPLE", "****************"),
        ("see https://docs.python.org/3/", None),
        ("see https://python.org.evil.example/", "see " + "*" * 32),
        ("see https://python.org@evil.example/", "see " + "*" * 32),
        ("no link: spam.example", None),
    ],
)
def test_links_are_masked_but_for_those_to_allowed_hosts(text: str, expected: str | None) -> None:
    assert masked(text, links=False, hosts=("python.org",)) == expected


def test_links_are_nobodys_business_unless_refused() -> None:
    assert masked("http://spam.example") is None


def test_reasons_are_told() -> None:
    verdict = Rules(["fool"], links=False, hosts=()).judge("fool, see www.x.example")
    assert verdict is not None
    assert verdict.reasons == ("a word that may not be said", "a link")


@given(st.text(), st.lists(st.text(min_size=1, max_size=3), max_size=3))
def test_the_text_keeps_its_length_and_is_clean_afterwards(text: str, words: list[str]) -> None:
    rules = Rules([word for word in words if "*" not in word], links=False, hosts=())
    verdict = rules.judge(text)
    if verdict is not None:
        assert len(verdict.masked) == len(text)
        assert rules.judge(verdict.masked) is None
