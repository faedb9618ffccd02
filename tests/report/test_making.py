"""Summary and report from real marts over a real store: gaps, brands looked for anew, batches that left nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from lxml import html as parsed

from completions.audit_runs import due_at, keep, load_run
from completions.brands import Brand
from completions.errors import Outcome, Refused
from completions.marts import TABLES, refresh
from completions.marts.kept import key
from completions.report.making import of_batch, of_run
from completions.store import Store, StoreError
from marts.audited import AUDIT, DE, LUTE, NOV_2, NOV_9, NOV_16, US, Answers, answer, asked

TWENTY = 24


def _said(text: str, *links: str) -> Answers:
    return {(0, sample): answer(text, *links) for sample in range(TWENTY)}


def _blocked() -> Answers:
    return {(0, sample): Outcome.BLOCKED for sample in range(TWENTY)}


def _texts(store: Store, run: str) -> Sequence[str]:
    return of_run(store, AUDIT, run, origin="rehearsal").summary.text.splitlines()[1:]


@pytest.fixture
def three(store: Store) -> Store:
    """Three weeks: as ever; one site blocked; that one again, without Fender, and one that cites another page."""
    fender, gibson = _said("A Fender.", "fender.com/a"), _said("A Gibson.", "reverb.com/b")
    asked(store, NOV_2, ("chatgpt", US, fender), ("gemini", DE, fender), samples=TWENTY)
    asked(store, NOV_9, ("chatgpt", US, _blocked()), ("gemini", DE, fender), samples=TWENTY)
    asked(store, NOV_16, ("chatgpt", US, gibson), ("gemini", DE, fender), samples=TWENTY)
    refresh(store, AUDIT, origin="rehearsal")
    return store


def test_a_blocked_week_is_a_gap_and_the_week_after_is_compared_with_the_one_before(three: Store) -> None:
    assert _texts(three, NOV_9)[0] == "Not captured: chatgpt, US"
    assert not [line for line in _texts(three, NOV_9) if line.startswith(("Fell", "Gone"))]
    left_out = f"(run {NOV_9} left out: not captured, or too little)"
    assert _texts(three, NOV_16) == [
        f"Gone: Fender named by chatgpt, US: 24 of 24 → 0 of 24 answers, -100 to -80 points {left_out}",
        f"Gone: fender.com cited by chatgpt, US: 24 of 24 → 0 of 24 answers, -100 to -80 points {left_out}",
        f"New: Gibson named by chatgpt, US: 0 of 24 → 24 of 24 answers, +80 to +100 points {left_out}",
        f"New: reverb.com cited by chatgpt, US: 0 of 24 → 24 of 24 answers, +80 to +100 points {left_out}",
    ]


def test_the_report_has_the_answers_of_the_run_and_of_no_other(three: Store) -> None:
    document = parsed.fromstring(of_run(three, AUDIT, origin="rehearsal").html())
    assert len(document.xpath("//article")) == 2 * TWENTY
    assert {mark.text for mark in document.xpath("//mark")} == {"Fender", "Gibson"}
    assert LUTE in document.text_content()


def test_brands_that_are_looked_for_anew_are_those_that_are_marked(three: Store) -> None:
    refresh(three, AUDIT, origin="rehearsal", brands=[Brand(name="A")])
    told = of_run(three, AUDIT, origin="rehearsal")
    assert {mark.text for mark in parsed.fromstring(told.html()).xpath("//mark")} == {"A"}


def test_a_run_of_which_nothing_is_kept_is_told_as_that(three: Store) -> None:
    late = "2026-11-23T060000Z"
    asked(three, late, ("chatgpt", US, {}), ("gemini", DE, {}), samples=TWENTY, collected=False)
    refresh(three, AUDIT, origin="rehearsal")
    told = of_run(three, AUDIT, late, origin="rehearsal")
    assert [one.kind for one in told.summary.findings] == ["gap", "gap"]
    assert parsed.fromstring(told.html()).text_content().count("24 missing") == 2


def test_runs_that_were_missed_or_refused_are_gaps_of_the_charts(three: Store) -> None:
    part = three.of("rehearsal")
    first, second = load_run(part, AUDIT, NOV_2), load_run(part, AUDIT, NOV_9)
    assert first
    assert second
    keep(part, second.model_copy(update={"missed": [due_at(NOV_2) + timedelta(days=days) for days in (1, 2, 3)]}))
    refused = due_at(NOV_9) + timedelta(days=2)
    keep(
        part,
        first.model_copy(update={"run": "2026-11-11T060000Z", "due_at": refused, "batches": [], "refused": "dear"}),
    )
    moments = of_run(three, AUDIT, origin="rehearsal").history.moments
    assert [(one.label, one.missed) for one in moments] == [
        ("2026-11-02", None),
        ("2026-11-03", "3 times missed"),
        ("2026-11-09", None),
        ("2026-11-11", "refused"),
        ("2026-11-16", None),
    ]


def test_links_that_nobody_looked_for_are_not_gone(store: Store) -> None:
    unknown = answer("A Fender.").model_copy(update={"citations": None})
    asked(store, NOV_2, ("chatgpt", US, _said("A Fender.", "x.example/a")), samples=TWENTY, brands=())
    last: Answers = {(0, sample): unknown for sample in range(TWENTY)}
    asked(store, NOV_9, ("chatgpt", US, last), samples=TWENTY, brands=())
    asked(store, NOV_16, ("chatgpt", US, _said("A Fender.")), samples=TWENTY, brands=())
    refresh(store, AUDIT, origin="rehearsal")
    assert not [line for line in _texts(store, NOV_9) if line.startswith("Gone")]
    assert any(line.startswith("Gone: x.example cited") for line in _texts(store, NOV_16))  # shown: there are none


def test_a_report_opens_no_file_of_a_run_that_it_does_not_show(three: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("completions.report.making.RUNS", 2)
    part = three.of("rehearsal")
    for mart in TABLES.values():
        part.put(key(mart, AUDIT, NOV_2), b"no Parquet")
    told = of_run(three, AUDIT, origin="rehearsal")
    assert told.history.runs == [NOV_9, NOV_16]
    assert told.html()


def test_marts_that_are_gone_are_told_in_a_sentence_with_the_way_out(three: Store) -> None:
    part = three.of("rehearsal")
    part.delete([key(TABLES["mention_rate"], AUDIT, NOV_9)])
    hint = f"`completions marts refresh {AUDIT} --again --rehearsed` writes them anew"
    with pytest.raises(StoreError, match=f"^cannot read the marts of {AUDIT} in .*; {hint}$"):
        of_run(three, AUDIT, origin="rehearsal")
    refresh(three, AUDIT, origin="rehearsal", again=True)
    assert of_run(three, AUDIT, origin="rehearsal").summary.findings


def test_a_batch_has_the_brands_that_were_looked_for_anew(three: Store) -> None:
    late, part = "2026-11-23T060000Z", three.of("rehearsal")
    stamp = {"name": AUDIT, "run": late, "seed": 1}
    (batch,) = asked(three, late, ("chatgpt", US, _said("A Fender.")), samples=TWENTY, _audit=stamp)
    run = load_run(part, AUDIT, late)
    assert run
    keep(part, run.model_copy(update={"matched": [Brand(name="A")]}))
    assert of_batch(three, batch).history.brands == ["A"]


def test_a_batch_has_the_brands_that_are_given(three: Store) -> None:
    batch = three.of("rehearsal").folders("batches")[0]
    told = of_batch(three, batch, [Brand(name="A", own=True)])
    assert (told.history.brands, told.history.own, told.summary.before) == (["A"], {"A"}, None)


@pytest.mark.parametrize(
    ("audit", "run", "told"),
    [("harps", None, "has no rehearsal run with figures"), (AUDIT, "x", "the last is 2026-11-16")],
)
def test_what_is_not_there_is_refused(three: Store, audit: str, run: str | None, told: str) -> None:
    with pytest.raises(Refused, match=told):
        of_run(three, audit, run, origin="rehearsal")
