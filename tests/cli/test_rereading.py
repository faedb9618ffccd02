"""`reparse`: a batch read again by the adapter of today."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

import batches
from batches import BATCH, NOW, planned
from completions import reparse
from completions.collect import collect
from completions.errors import Outcome
from completions.record import Artifacts, answer_key
from completions.sites.base import Site
from completions.store import Store
from tiny import END, Tiny

from .conftest import Completions

KEPT = Artifacts(page_html='<main data-state="finished">forty-two</main>', raw_stream=END, raw_stream_kind="sse")


@pytest.fixture
def done(store: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A batch whose adapter was mended since: one prompt of an unknown layout, one whose page was not kept."""

    def mended(*_: object) -> Site:
        adapter = Tiny("http://tiny.example/")
        adapter.version = "2"
        return adapter

    monkeypatch.setattr(reparse, "site", mended)
    plan = planned(store, ["best guitars", "best drums"])
    for item, kept in zip(plan.items, (KEPT, Artifacts()), strict=True):
        one = batches.record(plan, item, Outcome.LAYOUT_CHANGED, artifacts=kept, adapter_version="1")
        store.put(answer_key(BATCH, item.index, item.sample), one.packed())
    collect(store, BATCH, NOW + timedelta(minutes=1))
    return store


def test_reparse_prints_what_changed(completions: Completions, done: Store) -> None:
    ended = completions("reparse", BATCH, "--grace", "0")
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.splitlines() == [
        "rows     2: 1 read again by adapter version 2, 1 kept as they were: see their warnings",
        "changed  1",
        "before   2 layout_changed",
        "after    1 answered, 1 layout_changed",
        f"dataset  generation 2, {done.uri}/batches/{BATCH}/manifest.json",
    ]


def test_get_and_show_follow(completions: Completions, done: Store, tmp_path: Path) -> None:
    before = completions("show", BATCH, "--json").json
    ended = completions("reparse", BATCH, "--json", "--grace", "0.01")
    assert (ended.status, ended.json["before"]) == (0, {"layout_changed": 2})
    assert ended.err == "the files of the generation before move to superseded/ in 0 s\n"
    after = completions("show", BATCH, "--json").json
    assert (before["successful"], after["successful"]) == (0, 1)
    assert {name for name, value in after.items() if value != before[name]} == {
        "status",
        "successful",
        "failed",
        "outcomes",
    }
    assert completions("get", BATCH, "--out", str(tmp_path)).status == 0
    answers = [json.loads(line) for line in (tmp_path / "answers.jsonl").read_text().splitlines()]
    assert [(each["outcome"], each["answer"] and each["answer"]["answer_text"]) for each in answers] == [
        ("answered", "forty-two"),
        ("layout_changed", None),
    ]
    parts = {key.rpartition("/")[2] for key in done.keys("datasets") if key.endswith(".parquet")}
    assert parts == {"part-g2-00000.parquet"}
    assert len(done.keys("superseded")) == 2


def test_a_batch_that_is_not_there_is_refused(completions: Completions, store: Store) -> None:
    ended = completions("reparse", "nope", "--json")
    assert (ended.status, ended.out) == (2, "")
    assert ended.err == f"refused: BATCH 'nope': there is no such batch in {store.uri}\n"
