from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from completions.batch import BatchConfig
from completions.errors import Refused
from completions.listing import entries, listed_at, page
from completions.plan import submit, withdraw
from completions.store import Store

pytest_plugins = ["stores"]

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def _all(store: Store, limit: int) -> list[str]:
    found, cursor = page(store, lambda batch_id: batch_id, limit)
    while cursor:
        more, cursor = page(store, lambda batch_id: batch_id, limit, cursor)
        assert more
        found += more
    return found


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_pages_have_each_batch_once_and_the_newest_first(any_store: Store, limit: int) -> None:
    for number in range(7):
        config = BatchConfig(prompts=["a"], rehearse=number % 3 == 0)
        submit(any_store, f"b{number}", config, NOW + timedelta(seconds=number // 2))
    assert _all(any_store, limit) == ["b6", "b4", "b5", "b2", "b3", "b0", "b1"]


def test_what_is_submitted_meanwhile_shifts_no_page(any_store: Store) -> None:
    config = BatchConfig(prompts=["a"])
    for number in range(4):
        submit(any_store, f"b{number}", config, NOW + timedelta(seconds=number))
    first, cursor = page(any_store, lambda batch_id: batch_id, 2)
    submit(any_store, "new", config, NOW + timedelta(days=1))
    assert (first, page(any_store, lambda batch_id: batch_id, 2, cursor)[0]) == (["b3", "b2"], ["b1", "b0"])


def test_what_is_withdrawn_or_gone_is_not_listed(any_store: Store) -> None:
    config = BatchConfig(prompts=["a"])
    for name in ("a", "b"):
        submit(any_store, name, config, NOW)
    assert not submit(any_store, "a", config, NOW + timedelta(days=1))
    withdraw(any_store, "a", config, NOW)
    assert _all(any_store, 10) == ["b"]
    assert page(any_store, lambda _: None, 10) == ([], None)


def test_an_entry_tells_when_its_batch_was_submitted(any_store: Store) -> None:
    submit(any_store, "a", BatchConfig(prompts=["a"]), NOW)
    assert [listed_at(entry) for entry in entries(any_store, 10)] == [NOW]


@pytest.mark.parametrize("cursor", ["", "x", "../../x", "8204149369048-", "8204149369048-../x"])
def test_a_cursor_is_one_that_was_given(any_store: Store, cursor: str) -> None:
    with pytest.raises(Refused, match="cursor"):
        page(any_store, lambda batch_id: batch_id, 2, cursor)
