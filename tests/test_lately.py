"""How asking went lately: what is counted, what is left out, and how little is read for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from batches import ask, planned
from completions import lately as told
from completions import parts
from completions.collect import collect
from completions.errors import Outcome
from completions.forgetting import Wish, forget
from completions.lately import checks, lately
from completions.manifest import Manifest
from completions.parts import Days
from completions.plan import Item, load_plan
from completions.retrying import retry
from completions.store import Store, StoreError
from plugins.pages.prepared import prepare

pytest_plugins = ["stores"]

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)


def _batch(
    store: Store, number: int, at: datetime = NOON, outcome: Outcome = Outcome.ANSWERED, **fields: object
) -> str:
    """A collected batch of two prompts; the second of them ends so."""
    batch_id = f"6f1d2c3b-0000-4000-8000-{number:012d}"
    plan = planned(store, [f"a {number}", f"b {number}"], batch_id=batch_id, now=at, **fields)

    def ending(item: Item) -> Outcome:
        return outcome if item.index else Outcome.ANSWERED

    ask(store, plan, ending)
    collect(store, batch_id, at + timedelta(minutes=1))
    return batch_id


def test_outcomes_are_counted_by_site_and_failures_told_latest_first(any_store: Store) -> None:
    _batch(any_store, 1)
    first = _batch(any_store, 2, outcome=Outcome.TIMEOUT)
    second = _batch(any_store, 3, LATER, Outcome.CHALLENGE, model="gemini")
    found = lately(any_store, NOON.date())
    assert (found.batches, found.read) == (3, 3)
    assert found.sites["chatgpt"].outcomes == {"answered": 3, "timeout": 1}
    assert found.sites["gemini"].outcomes == {"answered": 1, "challenge": 1}
    assert [(one.batch_id, one.index, one.outcome) for one in found.failures] == [
        (second, 1, "challenge"),
        (first, 1, "timeout"),
    ]


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.NO_ANSWER, Outcome.CANCELLED])
def test_what_a_site_or_its_user_decided_is_no_failure(store: Store, outcome: Outcome) -> None:
    _batch(store, 1, outcome=outcome)
    assert lately(store, NOON.date()).failures == []


@pytest.mark.parametrize(("days", "counted"), [(0, 1), (6, 1), (7, 0), (-1, 1)])
def test_only_the_last_days_count(store: Store, days: int, counted: int) -> None:
    _batch(store, 1)
    assert lately(store, NOON.date() + timedelta(days=days)).batches == counted


def test_live_and_rehearsed_are_apart(store: Store) -> None:
    _batch(store, 1, rehearse=True)
    assert lately(store.of("live"), NOON.date()).sites == {}
    assert lately(store.of("rehearsal"), NOON.date()).batches == 1


def test_rows_are_read_of_the_newest_batches_alone(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(told, "READ", 1)
    _batch(store, 1, outcome=Outcome.TIMEOUT)
    newest = _batch(store, 2, LATER, Outcome.TIMEOUT)
    found = lately(store, NOON.date())
    assert (found.batches, found.read) == (2, 1)
    assert [one.batch_id for one in found.failures] == [newest]


def test_manifests_are_read_again_only_where_a_batch_was_written_again(
    any_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[list[str]] = []

    def manifests(part: Store, days: Days, batch_ids: list[str]) -> list[Manifest]:
        read.append(sorted(batch_ids))
        return parts.manifests(part, days, batch_ids)

    monkeypatch.setattr(told, "manifests", manifests)
    first, second = _batch(any_store, 1), _batch(any_store, 2, outcome=Outcome.TIMEOUT)
    known: told.Known = {}
    for settled in (timedelta(hours=1), timedelta(0)):  # what was written just now is read again
        monkeypatch.setattr(told, "SETTLED", settled)
        before = lately(any_store, NOON.date(), known)
    assert lately(any_store, NOON.date(), known) == before == lately(any_store, NOON.date())
    retry(any_store, second)
    plan = load_plan(any_store, second)
    assert plan
    ask(any_store, plan)
    collect(any_store, second, LATER)
    assert lately(any_store, NOON.date(), known).sites["chatgpt"].outcomes == {"answered": 4}
    assert read == [[first, second], [first, second], [], [first, second], [second]]
    forget(any_store, Wish(batches=[first]), really=True)
    assert (lately(any_store, NOON.date(), known).batches, list(known)) == (1, [second])


def test_exits_are_told_by_what_was_asked_for_and_seen(store: Store) -> None:
    prepare(store, "live", 12, LATER)
    seen = {(one.method, one.asked, one.seen): one for one in lately(store, NOON.date()).whence}
    assert {(key, one.count, one.agreed, one.elsewhere) for key, one in seen.items()} == {
        (("proxy", "DE", "DE"), 11, 11, 0),
        (("proxy", "DE", "FR"), 1, 0, 1),
    }
    assert sum(one.failed for one in seen.values()) == 2


def test_equal_prompts_that_are_asked_once_are_one_conversation(store: Store) -> None:
    plan = planned(store, ["a", "b", "a", "a"])
    ask(store, plan)
    collect(store, plan.batch_id, LATER)
    assert [one.count for one in lately(store, NOON.date()).whence] == [2]


def test_checks_come_oldest_first_and_not_from_long_ago(store: Store) -> None:
    prepare(store, "live", 1, NOON)
    found = checks(store, NOON.date())
    assert len(found) == 4 * 28
    assert found == sorted(found, key=lambda one: one.checked_at)
    assert checks(store, NOON.date() + timedelta(days=60)) == []


def test_a_dataset_that_cannot_be_read_is_told(store: Store) -> None:
    _batch(store, 1)
    store.delete(key for key in store.keys("datasets/completions") if key.endswith(".parquet"))
    with pytest.raises(StoreError, match="cannot read the dataset in"):
        lately(store, NOON.date())
