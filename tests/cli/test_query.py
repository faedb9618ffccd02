"""`query`: SQL in, a table, JSON or CSV out."""

from __future__ import annotations

import csv
import io
import os
import pty
import subprocess
import sys
from datetime import timedelta

import pytest

import batches
from batches import BATCH, NOW, planned
from completions.collect import collect
from completions.errors import Outcome
from completions.manifest import manifest_key
from completions.store import Store

from .conftest import Completions


@pytest.fixture(autouse=True)
def kept(store: Store) -> Store:
    """A live batch, and a rehearsed one."""
    for batch_id, rehearse in ((BATCH, False), ("rehearsed", True)):
        plan = planned(store, ["Größe?", "no"], batch_id=batch_id, rehearse=rehearse)
        batches.ask(store, plan, lambda item: Outcome.REFUSED if item.index else Outcome.ANSWERED)
        collect(store, batch_id, NOW + timedelta(minutes=1))
    return store


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        (
            "select prompt, len(citations) as n, requested_at, date from completions order by prompt_index",
            [
                {"prompt": "Größe?", "n": 1, "requested_at": "2026-11-23T12:00:00Z", "date": "2026-11-23"},
                {"prompt": "no", "n": None, "requested_at": "2026-11-23T12:00:00Z", "date": "2026-11-23"},
            ],
        ),
        ("select citations[1].url_canonical as url from completions limit 1", [{"url": "https://a.example/"}]),
        ("select raw_stream from artifacts limit 1", [{"raw_stream": "ZGF0YTog/wo="}]),
        ("select 1.5 as d, 'nan'::double as n, sum(attempts) as s from completions", [{"d": 1.5, "n": None, "s": 2}]),
        ("select batch from rehearsal.completions group by all", [{"batch": "rehearsed"}]),
        ("select site from health", []),
        ("create temp table x as select 7 as a; select a from x", [{"a": 7}]),
    ],
)
def test_json(completions: Completions, sql: str, rows: list[dict[str, object]]) -> None:
    ended = completions("query", sql, "--json")
    assert (ended.status, ended.err) == (0, "")
    assert ended.json == rows
    assert completions("query", "--json", stdin=sql).json == rows


def test_rehearsed_rows_by_the_plain_name(completions: Completions) -> None:
    sql = "select distinct batch_id from completions"
    assert completions("query", sql, "--rehearsed", "--json").json == [{"batch_id": "rehearsed"}]


def test_csv(completions: Completions) -> None:
    sql = "select prompt, citations, requested_at, from_cache, latency_ms, raw_stream, {'a': [1]} as s, 'x,\"y' as t"
    ended = completions("query", f"{sql} from completions join artifacts using (answer_id) order by prompt", "--csv")
    names, first, second = csv.reader(io.StringIO(ended.out))
    assert names == ["prompt", "citations", "requested_at", "from_cache", "latency_ms", "raw_stream", "s", "t"]
    assert first[0] == "Größe?"
    assert first[1].startswith('[{"position":1,"role":"inline"')
    assert first[2:] == ["2026-11-23T12:00:00Z", "false", "", "ZGF0YTog/wo=", '{"a":[1]}', 'x,"y']
    assert second[:2] == ["no", ""]


def test_a_table_for_people(completions: Completions) -> None:
    ended = completions("query", "select prompt, outcome from completions order by prompt_index")
    assert ended.status == 0
    assert "Größe?" in ended.out
    assert "refused" in ended.out
    assert completions("query", "set threads = 2").out == ""


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["select promt from completions"],
            "refused: SQL 'select promt from completions': DuckDB says: Binder Error: ",
        ),
        (["selec", "--json"], "refused: SQL 'selec': DuckDB says: Parser Error: "),
        (["select 1 as a, 2 as a", "--json"], "refused: SQL: two columns have one name, which an object cannot"),
        (["select 1", "--json", "--csv"], "refused: --csv: give either --json or --csv"),
    ],
)
def test_what_cannot_be_asked(completions: Completions, arguments: list[str], sentence: str) -> None:
    ended = completions("query", *arguments)
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.startswith(sentence)
    assert len(ended.err.splitlines()) == 1


def test_one_after_the_other_on_a_terminal(kept: Store) -> None:
    ours, theirs = pty.openpty()
    os.write(ours, b"select prompt\nfrom completions\norder by prompt_index;\nselec;\nselect 6 * 7 as it;\n\x04")
    command = [sys.executable, "-c", "from completions.cli import app; app()", "query", "--csv"]
    ended = subprocess.run(command, stdin=theirs, capture_output=True, text=True, timeout=60, check=False)
    os.close(ours)
    os.close(theirs)
    assert ended.returncode == 0
    assert [line for line in ended.stdout.replace("sql> ", "").replace("...> ", "").splitlines() if line] == [
        *("prompt", "Größe?", "no", "it", "42")
    ]
    assert "views: completions, artifacts, health" in ended.stderr
    assert "DuckDB says: Parser Error" in ended.stderr


def test_who_has_only_rehearsed_rows_is_told_where_they_are(completions: Completions, kept: Store) -> None:
    sql = "select count(*) as n from completions"
    assert completions("query", sql, "--json").err == ""
    kept.delete([manifest_key(BATCH)])
    ended = completions("query", sql, "--json")
    assert (ended.json, "--rehearsed" in ended.err) == ([{"n": 0}], True)
    assert completions("query", sql, "--json", "--rehearsed").err == ""
