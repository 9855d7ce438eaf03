"""The table of promises is made of what the contract suite asserts."""

from __future__ import annotations

from chatcluster.testing import fanout_suite
from chatcluster.testing.harness import Harness
from chatcluster.testing.promises import NO, YES, promise, table
from tests.contract.fanouts import HARNESSES, AdapterHarness, IsolatedHarness, StreamsHarness
from tests.contract.modes_page import PAGE, generated


def test_the_page_shows_what_the_suite_asserts() -> None:
    assert PAGE.read_text() == generated()


def test_every_test_of_the_suite_asserts_a_promise() -> None:
    unmarked = [name for name, test in fanout_suite.tests() if not hasattr(test, "__promise__")]
    assert unmarked == []


def test_no_test_of_the_suite_hides_another() -> None:
    names = [name for name, _ in fanout_suite.tests()]
    assert len(names) == len(set(names))
    assert set(names) <= set(fanout_suite.__all__)


def test_a_promise_is_made_by_the_modes_that_are_tested_for_it() -> None:
    @promise("It is there")
    def test_harness(harness: object) -> None: ...

    @promise("It carries")
    def test_carrier(carrier: object) -> None: ...

    @promise("It keeps")
    def test_durable(durable: object) -> None: ...

    harnesses: dict[str, type[Harness]] = {
        "alone": IsolatedHarness,
        "live": AdapterHarness,
        "kept": StreamsHarness,
    }
    assert table([test_harness, test_carrier, test_durable], harnesses) == (
        "| promise | `alone` | `live` | `kept` |\n"
        "| --- | :-: | :-: | :-: |\n"
        f"| It is there | {YES} | {YES} | {YES} |\n"
        f"| It carries | {NO} | {YES} | {YES} |\n"
        f"| It keeps | {NO} | {NO} | {YES} |\n"
    )


def test_every_mode_but_the_isolated_one_is_tested_on_a_carrier() -> None:
    assert [name for name, kind in HARNESSES.items() if not kind.shared] == ["isolated"]
