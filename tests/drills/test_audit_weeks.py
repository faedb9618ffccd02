"""An audit over six weeks in which the stand-ins change on purpose: marts, summary and report say that, and no more.

By heart, the rows are what the stand-ins would show, made without a browser: 2880 answers in seconds. A few chats
through a real browser prove that these are the same rows; `make drills WHOLE=1` holds all 2880 of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from completions import reading
from completions.audit_finished import REPORT
from completions.audit_runs import AuditRun, load_runs, run_key
from completions.audits import Audit
from completions.frames import load
from completions.marts import connect
from completions.rehearsal import Rehearsal, normalised
from completions.rehearsal import weeks as six
from completions.report.making import of_run
from completions.settings import Settings
from completions.store import Store, open_store

pytestmark = [pytest.mark.drill]

AFTER = datetime(2026, 10, 18, tzinfo=UTC)
RUNS = ["2026-10-19T040000Z", *(f"2026-{day}T050000Z" for day in ("10-26", "11-02", "11-09", "11-16", "11-23"))]
"""Mondays at six in Berlin, where summer time ends on October 25."""
WHO = ("English", "German, iPhone 15")
CHANGED: dict[str, list[tuple[Any, ...]]] = {
    RUNS[0]: [],
    RUNS[1]: [],
    RUNS[2]: [("gone", "named", "chatgpt", who, "Gibson") for who in WHO],
    RUNS[3]: [("new", "cited", "perplexity", who, "reverb.com") for who in WHO],
    RUNS[4]: [("gap", None, "copilot", who, None) for who in WHO],
    RUNS[5]: [],
}
"""Every finding that there is to be told of."""


def _rehearsed(store: Store, audit: Audit, ask: six.Ask, story: six.Story = six.STORY, **how: Any) -> list[AuditRun]:
    weeks = six.weeks(audit, AFTER, how.pop("count", 6), story=story, **how)
    return [six.rehearse(store, audit, week, ask, lambda line: None) for week in weeks]


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Six weeks in which samples differ from each other, and weeks only in what changes on purpose."""
    store = open_store(tmp_path_factory.mktemp("steady"))
    _rehearsed(store, six.audit_of(), six.by_heart)
    return store


@pytest.fixture(scope="module")
def noisy(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """The same, but every asking gets another answer: what rises and falls by chance is no change."""
    store = open_store(tmp_path_factory.mktemp("noisy"))
    _rehearsed(store, six.audit_of(), six.by_heart, fresh=True)
    return store


@pytest.fixture(params=["steady", "noisy"])
def weeks(request: pytest.FixtureRequest) -> Store:
    store: Store = request.getfixturevalue(request.param)
    return store


def _told(store: Store, run: str) -> list[tuple[Any, ...]]:
    found = of_run(store, "six-weeks", run, origin="rehearsal").summary.findings
    return sorted((one.kind, one.measure, one.model, one.profile, one.subject) for one in found if one.certain)


def test_what_is_told_of_each_week_is_what_changed_in_it_and_nothing_else(weeks: Store) -> None:
    assert {run: _told(weeks, run) for run in RUNS} == CHANGED
    steps = {run: of_run(weeks, "six-weeks", run, origin="rehearsal").summary.steps for run in RUNS}
    told = {run: [(one.model, one.profile) for one in found] for run, found in steps.items() if found}
    assert told == {RUNS[5]: [("gemini", who) for who in WHO]}
    assert all(one.words.startswith("model version 3.") for one in steps[RUNS[5]])
    assert all(one.words.endswith(" → 4.0 Flash") for one in steps[RUNS[5]])


def test_what_nothing_changed_in_has_no_differences_at_all_and_chance_is_called_chance(
    steady: Store, noisy: Store
) -> None:
    def unsure(store: Store, run: str) -> int:
        found = of_run(store, "six-weeks", run, origin="rehearsal").summary.findings
        return sum(one.why_not == "within the noise of the samples" for one in found)

    assert [unsure(steady, run) for run in RUNS] == [0] * 6
    assert all(unsure(noisy, run) > 50 for run in RUNS[1:])


def _rows(store: Store, sql: str) -> list[tuple[Any, ...]]:
    with connect(store, "six-weeks", "rehearsal") as connection:
        return connection.execute(sql).fetchall()


def test_the_marts_say_it_in_figures(weeks: Store) -> None:
    points = _rows(weeks, "select run, model, profile, what, after from change_points order by all")
    assert points == [(RUNS[5], "gemini", who, "model_version", "4.0 Flash") for who in WHO]
    health = _rows(weeks, "select run, model, answered, counted from capture_health where planned = 60 order by all")
    blocked = [(run, model) for run, model, answered, counted in health if (answered, counted) == (0, 0)]
    assert (len(health), blocked) == (48, [(RUNS[4], "copilot")] * 2)
    assert all(counted == answered == 60 for run, model, answered, counted in health if (run, model) not in blocked)
    outcomes = _rows(weeks, "select outcome, sum(k) from capture_outcomes group by all order by all")
    assert outcomes == [("answered", 2760), ("blocked", 120)]
    named = _rows(weeks, "select distinct run from mention_rate where model = 'chatgpt' and brand = 'Gibson' and k = 0")
    assert sorted(named) == [(run,) for run in RUNS[2:]]
    cited = _rows(weeks, "select distinct run, model from citation_domains where domain = 'reverb.com' order by all")
    assert cited == [(run, "perplexity") for run in RUNS[3:]]


def test_weeks_that_do_not_differ_have_the_same_figures_to_the_last_row(steady: Store) -> None:
    changes = _rows(steady, "select run, model, domain, change from url_changes group by all")
    assert changes == [(RUNS[3], "perplexity", "reverb.com", "gained")]
    moved = _rows(
        steady,
        "select model, brand from mention_rate group by all having count(distinct (k, n)) > 1 "
        "and model != 'copilot' order by all",
    )
    assert moved == [("chatgpt", "Gibson")]


def test_each_weeks_rows_carry_its_time_and_the_record_how_it_ended(steady: Store) -> None:
    rows = load("completions", store=steady, origin="rehearsal", audit="six-weeks", columns=["requested_at", "date"])
    days = Counter(f"{day}" for day in rows["date"])
    assert days == {run[:10]: 480 for run in RUNS}
    runs = list(load_runs(steady.of("rehearsal"), "six-weeks"))
    assert [(run.run, run.status, run.counts["blocked"], run.missed) for run in runs] == [
        (run, "successful", 2 * (run == RUNS[4]), []) for run in RUNS
    ]


def test_the_report_of_each_week_tells_it(weeks: Store) -> None:
    part = weeks.of("rehearsal")
    pages = {run: (part.get(run_key("six-weeks", run, REPORT)) or b"").decode() for run in RUNS}
    for told, since in (("4.0 Flash", 5), ("reverb.com", 3), ('class="kind gone"', 2), ('class="kind gap"', 4)):
        assert [run for run in RUNS if told in pages[run]][:1] == [RUNS[since]], told
    certain = [page.partition("Not certain")[0] for page in pages.values()]
    assert not any(f'class="kind {word}"' in page for page in certain for word in ("rose", "fell"))


ALL_AT_ONCE: six.Story = tuple(six.Turn(2, turn.site, turn.change) for turn in six.STORY)


@pytest.fixture
def rehearsal() -> Iterator[Rehearsal]:
    with Rehearsal(latency=0.05, ui="usual") as rehearsal:
        yield rehearsal


def _facts(store: Store, name: str) -> dict[tuple[Any, ...], Counter[Any]]:
    """What was said to each prompt in each week, whichever sample it was."""
    found: dict[tuple[Any, ...], Counter[Any]] = {}
    with reading.connect(store, origin="rehearsal") as connection:
        rows = connection.execute(
            "select date, model, device_requested, prompt, outcome, model_version, answer_text, citations "
            "from completions where audit = ?",
            [name],
        ).fetchall()
    for *asked, outcome, version, text, citations in rows:
        links = tuple((one["url_canonical"], one["role"], one["domain"]) for one in citations or ())
        fact = outcome, version, text and normalised(text), links
        found.setdefault(tuple(asked), Counter())[fact] += 1
    return found


def _same(store: Store, heart: Store, name: str) -> None:
    seen, known = _facts(store, name), _facts(heart, name)
    assert set(seen) == set(known)
    for asked, facts in seen.items():
        assert facts == known[asked], asked


@pytest.mark.browser
def test_what_is_known_by_heart_is_what_a_browser_brings_home(
    tmp_path: Path, store: Store, rehearsal: Rehearsal
) -> None:
    audit, heart = six.audit_of(2, 3, 1, "two-weeks"), open_store(tmp_path / "heart")
    settings = Settings(rehearsal_url=rehearsal.url)
    _rehearsed(heart, audit, six.by_heart, ALL_AT_ONCE, count=2)
    *_, last = _rehearsed(store, audit, six.in_browser(rehearsal, settings), ALL_AT_ONCE, count=2)
    assert (last.counts["answered"], last.counts["blocked"]) == (18, 1)
    _same(store, heart, "two-weeks")
    with reading.connect(store, origin="rehearsal") as connection:
        times = connection.execute(
            "select date, started_at, coalesce(answered_at, started_at) from completions"
        ).fetchall()
    assert all(f"{day}" == f"{began:%Y-%m-%d}" == f"{done:%Y-%m-%d}" for day, began, done in times)
    links = Counter(link for facts in _facts(store, "two-weeks").values() for *_, found in facts for link in found)
    assert any(site == six.GAINED for _, _, site in links)


@pytest.mark.browser
@pytest.mark.whole
def test_all_of_it_through_a_browser(store: Store, steady: Store, rehearsal: Rehearsal) -> None:
    audit, settings = six.audit_of(), Settings(rehearsal_url=rehearsal.url)
    _rehearsed(store, audit, six.in_browser(rehearsal, settings))
    _same(store, steady, "six-weeks")
    assert {run: _told(store, run) for run in RUNS} == CHANGED
