"""Marts are computed once for each run, again when what they were made from changed, and are plain Parquet."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest

from batches import Killed, break_at, record
from completions import marts
from completions.audit_runs import due_at
from completions.brands import Brand
from completions.collect import collect
from completions.errors import Outcome, Refused
from completions.marts import kept
from completions.plan import Plan, load_plan
from completions.record import Record, answer_key, batch_key
from completions.store import AwsAccess, Store, StoreError, open_store
from stores import new_bucket

from .audited import AUDIT, NOV_2, NOV_9, NOV_16, US, answer, asked

pytest_plugins = ["stores"]

RUNS = (NOV_2, NOV_9, NOV_16)


@pytest.fixture(params=["folder", "bucket"])
def anywhere(request: pytest.FixtureRequest, tmp_path: Any, s3: AwsAccess) -> Store:
    return open_store(tmp_path / "store") if request.param == "folder" else new_bucket(s3)


def week(store: Store, run: str, text: str = "Fender", **fields: Any) -> str:
    (batch_id,) = asked(store, run, ("chatgpt", US, {(0, 0): answer(text, "x.example/1")}), **fields)
    return batch_id


def refresh(store: Store, **fields: Any) -> tuple[str, ...]:
    """The runs that a refresh computed."""
    done = marts.refresh(store, AUDIT, origin="rehearsal", **fields)
    assert {*done.computed}.isdisjoint(done.kept)
    return done.computed


def named(store: Store) -> list[tuple[Any, ...]]:
    with marts.connect(store, AUDIT, "rehearsal") as duck:
        return duck.sql("select run, brand, k, n from mention_rate where k > 0 order by all").fetchall()


def files(store: Store) -> Mapping[str, Any]:
    return {found.key: found.written_at for found in store.of("rehearsal").listed("marts")}


def changes(store: Store) -> list[tuple[Any, ...]]:
    """The runs that are compared with one before, and with which."""
    with marts.connect(store, AUDIT, "rehearsal") as duck:
        found = duck.sql("select run, previous_run from volatility where kind = 'url' and compared > 0 order by all")
        return found.fetchall()


def retried(store: Store, batch_id: str, said: str | Outcome) -> None:
    """Another generation of a batch, with another answer, or with none."""
    part = store.of("rehearsal")
    plan = load_plan(part, batch_id)
    assert plan
    plan = plan.model_copy(update={"generation": plan.generation + 1})
    part.put(batch_key(batch_id, "plan.json"), plan.model_dump_json(by_alias=True).encode())
    part.put(answer_key(batch_id, 0, 0), _said(plan, said).packed())
    collect(store, batch_id, plan.planned_at + timedelta(hours=2))


def _said(plan: Plan, said: str | Outcome) -> Record:
    if isinstance(said, Outcome):
        return record(plan, plan.items[0], said)
    return record(plan, plan.items[0], answer=answer(said))


def test_only_new_runs_are_computed(anywhere: Store) -> None:
    told: list[tuple[str, int, int]] = []
    week(anywhere, NOV_2)
    week(anywhere, NOV_9, "Gibson")
    assert refresh(anywhere, progress=lambda *words: told.append(words)) == (NOV_2, NOV_9)
    before = files(anywhere)
    week(anywhere, NOV_16)
    assert refresh(anywhere, progress=lambda *words: told.append(words)) == (NOV_16,)
    assert told == [(NOV_2, 0, 2), (NOV_9, 1, 2), (NOV_16, 2, 3)]
    assert {key: at for key, at in files(anywhere).items() if NOV_16 not in key} == before
    assert named(anywhere) == [(NOV_2, "Fender", 1, 1), (NOV_9, "Gibson", 1, 1), (NOV_16, "Fender", 1, 1)]
    assert refresh(anywhere) == ()


def test_a_run_that_was_retried_is_computed_again_and_so_is_the_one_after_it(store: Store) -> None:
    ids = [week(store, run) for run in RUNS]
    refresh(store)
    retried(store, ids[0], "Gibson")
    assert refresh(store) == (NOV_2, NOV_9)
    assert named(store)[0] == (NOV_2, "Gibson", 1, 1)
    with marts.connect(store, AUDIT, "rehearsal") as duck:
        lost = duck.sql("select run, lost from volatility where kind = 'brand' order by run").fetchall()
    assert lost == [(NOV_9, 1), (NOV_16, 0)]


def test_a_dataset_that_comes_later_is_taken_in(store: Store) -> None:
    batch_id = week(store, NOV_2, collected=False)
    refresh(store)
    assert named(store) == []
    collect(store, batch_id, due_at(NOV_2) + timedelta(hours=3))
    assert refresh(store) == (NOV_2,)
    assert named(store) == [(NOV_2, "Fender", 1, 1)]


@pytest.mark.parametrize("version", ["MART_VERSION", "MATCHING_VERSION"])
def test_new_definitions_compute_history_again(store: Store, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    week(store, NOV_2)
    refresh(store)
    for module in ("refreshing", "computing"):
        monkeypatch.setattr(f"completions.marts.{module}.{version}", 99)
    assert refresh(store) == (NOV_2,)
    with marts.connect(store, AUDIT, "rehearsal") as duck:
        assert duck.sql(f"select distinct {version.lower()} from mention_rate").fetchall() == [(99,)]


def test_history_is_matched_again_for_other_brands(store: Store) -> None:
    for run in (NOV_2, NOV_9):
        week(store, run, "Fender or Ibanez")
    refresh(store)
    assert refresh(store, brands=[Brand(name="Ibanez")]) == (NOV_2, NOV_9)
    assert named(store) == [(NOV_2, "Ibanez", 1, 1), (NOV_9, "Ibanez", 1, 1)]
    assert refresh(store) == ()
    week(store, NOV_16, "Ibanez")
    assert refresh(store) == (NOV_16,)
    assert refresh(store, run=NOV_9, brands=[Brand(name="Fender")]) == (NOV_9,)
    assert named(store) == [(NOV_2, "Ibanez", 1, 1), (NOV_9, "Fender", 1, 1)]


def test_brands_that_only_one_of_two_runs_looked_for_did_not_come_or_go(store: Store) -> None:
    week(store, NOV_2, "Fender or Ibanez")
    week(store, NOV_9, "Fender or Ibanez", brands=[Brand(name="Fender"), Brand(name="Ibanez")])
    refresh(store)
    with marts.connect(store, AUDIT, "rehearsal") as duck:
        moved = duck.sql("select kept, gained, lost, mean_jaccard, stability from volatility where kind = 'brand'")
        assert moved.fetchall() == [(1, 0, 0, 1, 1)]


def test_one_run_is_computed_with_what_it_is_compared_with(store: Store) -> None:
    for run in RUNS:
        week(store, run)
    assert refresh(store, run=NOV_9) == (NOV_2, NOV_9)
    assert refresh(store, run=NOV_9, again=True) == (NOV_9,)
    assert refresh(store, again=True) == RUNS


def test_only_so_many_runs_before_one_are_looked_at(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("completions.marts.refreshing.LOOK_BACK", 2)
    for run in RUNS:
        week(store, run)
    assert refresh(store, run=NOV_16) == (NOV_9, NOV_16)
    assert refresh(store) == (NOV_2, NOV_9)
    before = changes(store)
    assert [run for run, _ in before] == [NOV_9, NOV_16]
    assert refresh(store, run=NOV_16) == ()
    assert refresh(store, run=NOV_16, brands=[Brand(name="Ibanez")]) == (NOV_16,)
    retried(store, f"{NOV_9}-0-r", "Gibson")
    assert refresh(store, run=NOV_16) == (NOV_9, NOV_16)
    assert [run for run, _ in changes(store)] == [NOV_9, NOV_16]  # NOV_9 beside a run that was not looked at


def test_a_run_that_observes_nothing_any_more_is_compared_with_no_longer(store: Store) -> None:
    first, _ = (week(store, run) for run in (NOV_2, NOV_9))
    assert refresh(store) == (NOV_2, NOV_9)
    assert changes(store) == [(NOV_9, NOV_2)]
    retried(store, first, Outcome.BLOCKED)
    assert refresh(store) == (NOV_2, NOV_9)
    assert changes(store) == []


def test_a_run_that_asked_nothing_has_no_rows(store: Store) -> None:
    asked(store, NOV_2)
    assert refresh(store) == (NOV_2,)
    with marts.connect(store, AUDIT, "rehearsal") as duck:
        assert all(duck.sql(f"from {name}").fetchall() == [] for name in marts.TABLES)


@pytest.mark.parametrize("step", [0, 1, 20, 2 * len(marts.TABLES)])
def test_a_run_that_is_half_written_does_not_show_and_is_written_again(
    store: Store, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    week(store, NOV_2)
    with monkeypatch.context() as broken:
        break_at(broken, step)
        with pytest.raises(Killed):
            refresh(store)
    assert named(store) == []
    assert refresh(store) == (NOV_2,)
    assert named(store) == [(NOV_2, "Fender", 1, 1)]


@pytest.mark.parametrize("step", [2, 3, 20, 2 * len(marts.TABLES)])
def test_a_run_that_is_made_again_half_way_does_not_show_and_keeps_the_brands_it_was_given(
    store: Store, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    week(store, NOV_2, "Fender and Ibanez")
    assert refresh(store) == (NOV_2,)
    with monkeypatch.context() as broken:
        break_at(broken, step)
        with pytest.raises(Killed):
            refresh(store, again=True, brands=[Brand(name="Ibanez")])
    assert named(store) == []
    assert refresh(store) == (NOV_2,)
    assert {brand for _, brand, *_ in named(store)} == {"Ibanez"}


def test_the_same_answers_make_the_same_bytes(store: Store) -> None:
    week(store, NOV_2, "Fender and Gibson")
    refresh(store)
    part = store.of("rehearsal")
    before = {key: part.get(key) for key in files(store)}
    refresh(store, again=True)
    assert {key: part.get(key) for key in files(store)} == before


def test_a_run_can_be_dropped(store: Store) -> None:
    for run in (NOV_2, NOV_9):
        week(store, run)
    refresh(store)
    kept.drop(store.of("rehearsal"), AUDIT, NOV_2)
    assert [row[0] for row in named(store)] == [NOV_9]
    assert not [key for key in files(store) if NOV_2 in key]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"audit": "harps"}, "audit 'harps': has no rehearsal run on record; it has one once a run of it was planned"),
        ({"run": "x"}, f"run 'x': there is none of {AUDIT}; the last is {NOV_2}"),
        ({"origin": "dead"}, "origin 'dead': give live or rehearsal"),
    ],
)
def test_what_is_not_there_is_refused(store: Store, fields: dict[str, Any], message: str) -> None:
    week(store, NOV_2)
    with pytest.raises(Refused, match=f"^{message}$"):
        marts.refresh(store, **{"audit": AUDIT, "origin": "rehearsal", **fields})
    assert files(store) == {}


@pytest.mark.parametrize(
    ("batch_id", "way_out"),
    [("nonsense", "no such batch in .*"), ("open", "has no dataset yet; wait until it is done")],
)
def test_a_batch_that_has_no_figures_is_refused(store: Store, batch_id: str, way_out: str) -> None:
    known = {"open": week(store, NOV_2, collected=False)}
    with pytest.raises(Refused, match=f": {way_out}"):
        marts.of_batch(store, known.get(batch_id, batch_id), [])


def test_a_dataset_that_is_gone_is_told_in_a_sentence(store: Store) -> None:
    week(store, NOV_2)
    part = store.of("rehearsal")
    part.delete([key for key in part.keys("datasets") if key.endswith(".parquet")])
    with pytest.raises(StoreError, match=f"^cannot read the dataset in {store.uri}: "):
        refresh(store)
    assert all(key.startswith(kept.BEGUN) for key in files(store))


@pytest.mark.parametrize("mart", marts.TABLES.values(), ids=lambda mart: mart.name)
def test_any_tool_reads_a_mart_s_folder(weeks: Store, mart: Any, duck: duckdb.DuckDBPyConnection) -> None:
    """Its path keys come as columns of their own, and none has the name of one that is in the files."""
    folder = f"{weeks.of('rehearsal').uri}/{mart.folder}"
    columns = [*(column.name for column in mart.columns), "schema", "audit_name"]
    rows = duck.sql(f"from {mart.name}").to_arrow_table().num_rows
    assert rows
    for read in (pd.read_parquet(folder), pl.scan_parquet(folder, hive_partitioning=True).collect()):
        assert ([*read.columns], len(read)) == (columns, rows)
    table = pq.read_table(folder)
    assert (table.column_names, table.num_rows) == (columns, rows)
    assert {*duck.sql(f"from read_parquet('{folder}/**/*.parquet')").columns} == {*columns}
