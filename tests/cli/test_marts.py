"""`completions marts …`: the figures of audits from the command line."""

from __future__ import annotations

import pytest

from completions import marts
from completions.store import Store
from marts.audited import AUDIT, NOV_2, NOV_9, US, asked

from .conftest import Completions, Ended


@pytest.fixture
def two_weeks(store: Store) -> Store:
    for run in (NOV_2, NOV_9):
        asked(store, run, ("chatgpt", US, {(0, 0): "Fender"}))
    return store


def test_a_refresh_tells_of_each_run_that_it_computes(completions: Completions, two_weeks: Store) -> None:
    told = f"{AUDIT}: run {NOV_2} (1 of 2)\n{AUDIT}: run {NOV_9} (2 of 2)\n"
    assert completions("marts", "refresh", "--rehearsed") == Ended(0, f"{AUDIT}: 2 runs computed, 0 stood\n", told)
    assert completions("marts", "refresh", AUDIT, "--rehearsed") == Ended(0, f"{AUDIT}: 0 runs computed, 2 stood\n", "")
    done = completions("marts", "refresh", AUDIT, "--rehearsed", "--run", NOV_2, "--again", "--json")
    assert done.json == [{"audit": AUDIT, "origin": "rehearsal", "computed": [NOV_2], "kept": []}]


@pytest.mark.usefixtures("two_weeks")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["refresh"], "refused: audits: no audit had a live run yet; did you mean --rehearsed?"),
        (
            ["refresh", "harps"],
            "refused: audit 'harps': has no live run on record; it has one once a run of it was planned",
        ),
        (
            ["refresh", AUDIT],
            f"refused: audit '{AUDIT}': has no live run on record; it has one once a run of it was planned"
            "; it has rehearsed ones: say --rehearsed",
        ),
        (["refresh", "--run", NOV_2], f"refused: --run '{NOV_2}': is a run of one audit; name it"),
        (
            ["refresh", AUDIT, "--rehearsed", "--run", "now"],
            f"refused: run 'now': there is none of {AUDIT}; the last is {NOV_9}",
        ),
    ],
)
def test_what_is_not_there_is_refused(completions: Completions, arguments: list[str], message: str) -> None:
    assert completions("marts", *arguments) == Ended(2, "", f"{message}\n")


def test_the_list_has_every_mart_and_where_it_is(completions: Completions, store: Store) -> None:
    found = completions("marts", "list", "--json").json
    assert [one["name"] for one in found] == [*marts.TABLES]
    assert found[1]["files"] == store.uri_of("marts/capture_health")
    lines = completions("marts", "list").out.splitlines()
    assert [line.split()[0] for line in lines] == [*marts.TABLES]


def test_the_sql_is_printed(completions: Completions, store: Store) -> None:
    assert "left join mentions using (batch, brand_no)" in completions("marts", "sql", "mention_rate").out
    assert "create macro rates(k, n)" in completions("marts", "sql", "base").out
    assert completions("marts", "sql", "nonsense").status == 2


def test_the_marts_are_views_of_queries(completions: Completions, two_weeks: Store) -> None:
    marts.refresh(two_weeks, AUDIT, origin="rehearsal")
    found = [{"run": run, "k": 1, "n": 1} for run in (NOV_2, NOV_9)]
    asked_for = "select run, k, n from {} where brand = 'Fender' order by run"
    assert completions("query", asked_for.format("mention_rate"), "--rehearsed", "--json").json == found
    assert completions("query", asked_for.format("rehearsal.mention_rate"), "--json").json == found
    assert completions("query", asked_for.format("mention_rate"), "--json").json == []
