"""Cancel and retry: what is asked again, what stands meanwhile, and what readers see."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow.parquet as pq
import pytest

from batches import BATCH, NOW, Killed, ask, break_at, planned
from completions.cancelling import Over, cancel_batch
from completions.collect import collect
from completions.errors import Outcome, Refused
from completions.manifest import Manifest, load_manifest
from completions.plan import Item, Plan, load_plan
from completions.retrying import NothingFailed, UnderWay, retry
from completions.status import record_failure, status
from completions.store import Store
from completions.superseded import retire, superseded

pytest_plugins = ["stores"]

PROMPTS = ["a", "b", "c", "b", "d"]
ENDED: dict[str, Outcome | None] = {
    "a": Outcome.ANSWERED,
    "b": Outcome.TIMEOUT,
    "c": Outcome.REFUSED,
    "d": None,
}


def _ended(plan: Plan) -> Callable[[Item], Outcome | None]:
    return lambda item: ENDED[plan.config.prompts[item.index]]


def _failed(store: Store) -> Manifest:
    """A batch of which two prompts failed: one timed out (for a duplicate too), one was never asked."""
    plan = planned(store, PROMPTS, rehearse=True)
    ask(store, plan, _ended(plan))
    return collect(store, BATCH, NOW)


def _plan(store: Store) -> Plan:
    plan = load_plan(store.of("rehearsal"), BATCH)
    assert plan
    return plan


def _outcomes(store: Store) -> dict[str, int]:
    body = status(store, BATCH)
    assert body
    outcomes: dict[str, int] = body["outcomes"]
    return outcomes


def test_only_what_failed_is_asked_again_and_the_old_dataset_stands_until_the_new_one_does(any_store: Store) -> None:
    before = _failed(any_store)
    part = any_store.of("rehearsal")
    assert retry(any_store, BATCH) == f"retry__{BATCH}__g2" == retry(any_store, BATCH)
    plan = _plan(any_store)
    assert [plan.config.prompts[item.index] for number in range(len(plan.shards)) for item in plan.shard(number)] == [
        *("b", "d")
    ]
    assert load_manifest(part, BATCH) == before
    body = status(any_store, BATCH)
    assert body
    assert (body["status"], body["outcomes"]) == ("retrieving", {"answered": 1, "refused": 1})

    ask(any_store, plan)
    assert _outcomes(any_store) == {"answered": 4, "refused": 1}
    after = collect(any_store, BATCH, NOW)
    assert (after.generation, after.outcomes) == (2, {Outcome.ANSWERED: 4, Outcome.REFUSED: 1})
    assert after.archive
    assert after.archive.key != (before.archive and before.archive.key)
    [file] = [file for file in after.files if file.table == "completions"]
    with part.open(file.key) as content:
        assert pq.read_table(content)["prompt"].to_pylist() == PROMPTS

    assert superseded(any_store, BATCH) == sorted(file.key for file in before.files)
    retire(any_store, BATCH)
    assert superseded(any_store, BATCH) == []
    assert [part.size(f"superseded/{file.key}") for file in before.files] == [file.bytes for file in before.files]


@pytest.mark.parametrize("step", range(6))
def test_killed_on_the_way_it_is_said_again(folder: Store, monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    _failed(folder)
    with monkeypatch.context() as killed:
        break_at(killed, step)
        try:
            retry(folder, BATCH)
        except Killed:
            pass
        else:
            assert step > 3, "it was not killed"
    retry(folder, BATCH)
    ask(folder, _plan(folder))
    assert collect(folder, BATCH, NOW).outcomes == {Outcome.ANSWERED: 4, Outcome.REFUSED: 1}


def test_what_cannot_be_retried(folder: Store) -> None:
    with pytest.raises(Refused, match="there is no such batch"):
        retry(folder, BATCH)
    plan = planned(folder, PROMPTS, rehearse=True)
    with pytest.raises(UnderWay, match="is under way; retry it when it is done"):
        retry(folder, BATCH)
    ask(folder, plan)
    collect(folder, BATCH, NOW)
    with pytest.raises(NothingFailed, match="has no failed answer to ask again"):
        retry(folder, BATCH)


def test_a_batch_whose_pipeline_broke_goes_on_where_it_was(folder: Store) -> None:
    plan = planned(folder, PROMPTS, rehearse=True)
    record_failure(folder, BATCH, "broke", NOW)
    assert retry(folder, BATCH) == f"retry__{BATCH}__g1-20261123T1200000000"
    assert load_plan(folder.of("rehearsal"), BATCH) == plan


def test_cancelled_is_said_once_for_the_generation_that_is_under_way(any_store: Store) -> None:
    with pytest.raises(Refused, match="there is no such batch"):
        cancel_batch(any_store, BATCH, NOW)
    plan = planned(any_store, PROMPTS, rehearse=True)
    for _ in range(2):
        cancel_batch(any_store, BATCH, NOW)
    body = status(any_store, BATCH)
    assert body
    assert (body["status"], body["cancelled"]) == ("retrieving", True)
    ask(any_store, plan, _ended(plan))
    collect(any_store, BATCH, NOW)
    body = status(any_store, BATCH)
    assert body
    assert (body["status"], body["cancelled"], body["outcomes"]["cancelled"]) == ("successful", True, 1)
    with pytest.raises(Over, match="is done already"):
        cancel_batch(any_store, BATCH, NOW)

    retry(any_store, BATCH)
    body = status(any_store, BATCH)
    assert body
    assert (body["status"], body["cancelled"]) == ("retrieving", False)
