"""What the operator writes itself is no reason to look again."""

from __future__ import annotations

from chat_operator.look import Key
from chat_operator.news import News

TALK, TEA = Key("chat", "talk"), Key("chat", "tea")


def test_a_status_that_was_written_is_no_news_and_another_spec_is() -> None:
    news = News()
    assert news.is_news(TALK, None, 1)
    assert not news.is_news(TALK, "MODIFIED", 1)
    assert news.is_news(TALK, "MODIFIED", 2)
    assert not news.is_news(TALK, "MODIFIED", 2)


def test_what_comes_goes_and_is_listed_again_is_news() -> None:
    news = News()
    assert news.is_news(TALK, "ADDED", 1)
    assert news.is_news(TEA, "ADDED", 1)
    assert news.is_news(TALK, "DELETED", 1)
    assert news.is_news(TALK, "ADDED", 1)
    assert news.is_news(TALK, None, 1)
