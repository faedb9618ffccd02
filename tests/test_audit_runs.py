"""The record of an audit's run: what it was, what it missed, how it ended, and what its callback is told."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from completions import notify
from completions.audit_finished import event_of, finished
from completions.audit_runs import (
    AuditRun,
    audit_names,
    begun,
    due_at,
    ended,
    find_run,
    keep,
    late_by,
    load_run,
    load_runs,
    missed,
    run_key,
    run_name,
    run_names,
    turned_down,
)
from completions.audits import Audit, load
from completions.errors import Refused
from completions.store import Store

pytest_plugins = ["stores"]

DUE = datetime(2026, 11, 23, 5, tzinfo=UTC)
"""A Monday, six in Berlin."""
WEEKLY = """
prompts_file: prompts.csv
schedule: 0 6 * * 1
timezone: Europe/Berlin
models: [chatgpt, copilot]
brands: [{name: Fender}]
callback: https://hooks.example.com/canary
"""


@pytest.fixture
def audit(tmp_path: Path) -> Audit:
    (tmp_path / "prompts.csv").write_text(
        "prompt,topic,intent\nWhich lute is best?,lutes,comparison\nWhich harp is best?,,\n", "utf-8"
    )
    (tmp_path / "lutes.yaml").write_text(WEEKLY, "utf-8")
    return load(tmp_path / "lutes.yaml")


def _begun(audit: Audit, due: datetime = DUE, before: str | None = None) -> AuditRun:
    return begun(audit, due, list(audit.batches(run_name(due))), due + timedelta(minutes=1), before)


def _ended(run: AuditRun, **outcomes: dict[str, int]) -> AuditRun:
    """The run, each model's batch having ended so; one without outcomes made no dataset."""
    bodies: dict[str, dict[str, Any]] = {}
    for batch in run.batches:
        if found := outcomes.get(batch.model):
            answered = found.get("answered", 0)
            word = "successful" if answered else "failed"
            bodies[batch.id] = {"status": word, "count": 2, "successful": answered, "outcomes": found}
    return ended(run, bodies.get, DUE + timedelta(hours=1))


def test_a_record_says_what_was_asked_about_what_and_keeps_no_secret_where_it_is_shown(audit: Audit) -> None:
    run = _begun(audit)
    assert [(one.prompt, one.topic, one.intent) for one in run.prompts] == [
        ("Which lute is best?", "lutes", "comparison"),
        ("Which harp is best?", None, None),
    ]
    assert run.audit.prompts == ["Which lute is best?", "Which harp is best?"]
    assert [(one.model, one.profile, one.count, one.status) for one in run.batches] == [
        ("chatgpt", "here", 2, None),
        ("copilot", "here", 2, None),
    ]
    assert (run.run, run.due_at, run.status) == ("2026-11-23T050000Z", DUE, "running")
    assert "canary" not in run.audit.model_dump_json()


def test_how_it_ended_tells_what_was_blocked_from_what_broke(audit: Audit) -> None:
    run = _ended(_begun(audit), chatgpt={"answered": 1, "network": 1}, copilot={"blocked": 2})
    assert [batch.blocked for batch in run.batches] == [False, True]
    assert run.counts == {"batches": 2, "successful": 1, "blocked": 1, "asked": 4, "answered": 1}
    assert run.status == "successful"
    broke = _ended(_begun(audit))
    assert [(batch.status, batch.blocked, batch.outcomes) for batch in broke.batches] == [
        ("failed", False, {"cancelled": 2})
    ] * 2
    assert broke.status == "failed"


def test_counted_again_it_is_as_its_batches_stand_and_what_is_forgotten_stays(audit: Audit) -> None:
    run = _ended(_begun(audit), chatgpt={"answered": 1, "network": 1}, copilot={"blocked": 2})
    retried = _ended(run, chatgpt={"answered": 2})
    assert [batch.outcomes for batch in retried.batches] == [{"answered": 2}, {"blocked": 2}]


@pytest.mark.parametrize(
    ("before", "due", "days"),
    [
        ("2026-11-16", "2026-11-23", []),
        ("2026-11-02", "2026-11-23", ["2026-11-09", "2026-11-16"]),
        ("2026-10-19", "2026-11-02", ["2026-10-26"]),
    ],
)
def test_what_was_due_between_two_runs_was_missed(audit: Audit, before: str, due: str, days: list[str]) -> None:
    zone = next(iter(audit.next_runs(DUE, 1))).tzinfo
    first, second = (datetime.fromisoformat(f"{day}T06:00").replace(tzinfo=zone) for day in (before, due))
    assert [f"{at:%Y-%m-%d}" for at in missed(audit, first, second)] == days


@pytest.mark.parametrize(
    ("schedule", "late", "too_late"),
    [
        ("0 6 * * 1", timedelta(hours=16), False),
        ("0 6 * * 1", timedelta(hours=17), True),
        ("@daily", timedelta(hours=2), False),
        ("@daily", timedelta(hours=3), True),
        ("*/10 * * * *", timedelta(minutes=4), False),
        ("*/10 * * * *", timedelta(minutes=6), True),
        (None, timedelta(days=9), False),
    ],
)
def test_a_run_that_is_late_by_more_than_a_tenth_of_the_time_to_the_next_is_missed(
    audit: Audit, schedule: str | None, late: timedelta, too_late: bool
) -> None:
    at = audit.model_copy(update={"schedule": schedule})
    due = (
        datetime(2026, 11, 23, 5, tzinfo=UTC)
        if schedule and schedule.endswith("1")
        else datetime(2026, 11, 22, 23, tzinfo=UTC)
    )
    assert late_by(at, due, due + late) == (late if too_late else None)


def test_records_are_read_in_the_order_of_time_and_by_name(audit: Audit, any_store: Store) -> None:
    part = any_store.of("rehearsal")
    runs = [_begun(audit, DUE + timedelta(weeks=week)) for week in (1, 0, 2)]
    for run in runs:
        keep(part, run)
        part.put(run_key("lutes", run.run, "report.html"), b"<p>")
        part.put(run_key("lutes", run.run, "notification.json"), b"{}")
    assert list(load_runs(part, "lutes")) == sorted(runs, key=lambda run: run.run)
    assert run_names(part, "lutes") == sorted(run.run for run in runs)
    assert (audit_names(part), audit_names(any_store.of("live"))) == (["lutes"], [])
    assert find_run(any_store, "lutes", runs[0].run) == (part, runs[0])


@pytest.mark.parametrize("run", ["2026-11-23", "../x", "", "2026-13-23T050000Z"])
def test_what_is_no_run_is_none(store: Store, run: str) -> None:
    assert find_run(store, "lutes", run) is None
    with pytest.raises(Refused, match="is no run: give a name such as"):
        due_at(run)


def test_a_record_of_before_there_were_times_is_read_and_a_broken_one_left_out(store: Store) -> None:
    declared = {"name": "lutes", "prompts": ["a"], "models": ["chatgpt"], "profiles": [{"language": None}]}
    name, batches = "2026-11-23T050000Z", [{"id": "b", "model": "chatgpt", "profile": "here"}]
    old = {"audit": {**declared, "samples": 1, "folder": "x"}, "run": name, "batches": batches}
    store.put(run_key("lutes", name), json.dumps(old).encode())
    store.put(run_key("lutes", "2026-11-16T050000Z"), b"{")
    [run] = load_runs(store, "lutes")
    assert (run.due_at, run.started_at, run.status) == (DUE, None, "running")
    assert load_run(store, "lutes", "2026-11-16T050000Z") is None


def test_history_outlives_a_file_that_is_changed_or_removed(audit: Audit, store: Store, tmp_path: Path) -> None:
    first = _begun(audit)
    keep(store, first)
    changed = WEEKLY.replace("copilot", "gemini").replace("Fender", "Gibson")
    (tmp_path / "lutes.yaml").write_text(changed, "utf-8")
    second = _begun(load(tmp_path / "lutes.yaml"), DUE + timedelta(weeks=3), first.run)
    keep(store, second)
    (tmp_path / "lutes.yaml").unlink()
    assert list(load_runs(store, "lutes")) == [first, second]
    assert ([one.name for one in first.brands], [one.name for one in second.brands]) == (["Fender"], ["Gibson"])
    assert [f"{at:%m-%d}" for at in second.missed] == ["11-30", "12-07"]


def test_what_is_told_is_the_run_with_its_counts_its_links_and_its_summary(audit: Audit, store: Store) -> None:
    run = _ended(_begun(audit), chatgpt={"answered": 2}, copilot={"blocked": 2})
    run = run.model_copy(update={"summary": "Rose: a\nFell: b"})
    event = event_of(store, run)
    assert event
    data = event.message["data"]
    assert event.message["type"] == "audit.finished"
    assert (data["status"], data["successful"], data["blocked"], data["summary"]) == ("successful", 1, 1, run.summary)
    assert data["report"] == store.uri_of("audits/lutes/2026-11-23T050000Z/report.html")
    assert (data["due_at"], data["finished_at"]) == ("2026-11-23T05:00:00Z", "2026-11-23T06:00:00Z")
    assert "canary" not in json.dumps(event.message)
    again = event_of(store, run)
    assert again
    assert event.id == again.id
    later = event_of(store, run.model_copy(update={"ended_at": DUE + timedelta(days=1)}))
    assert later
    assert later.id != event.id, "it was finished anew, and that is another event"


def test_a_summary_that_is_too_long_is_cut_by_whole_lines(audit: Audit, store: Store) -> None:
    run = _ended(_begun(audit), chatgpt={"answered": 2}).model_copy(
        update={"summary": "ギター " * 30 + "\n" + "x" * 19_000}
    )
    message = finished(store, run)
    assert notify.fits(message)
    assert message["data"]["summary"] == "ギター " * 30 + "\n… the report has the rest."


def test_nobody_is_told_before_it_is_over_or_without_a_callback(audit: Audit, store: Store) -> None:
    run = _begun(audit)
    assert event_of(store, run) is None
    silent = _ended(run, chatgpt={"answered": 2}).model_copy(update={"callback": None})
    assert event_of(store, silent) is None


def test_a_run_that_was_refused_is_told_of_with_the_reason(audit: Audit, store: Store) -> None:
    run = turned_down(audit, DUE, DUE, "budget.chats_per_run 1: a run takes 4 chats")
    data = finished(store, run)["data"]
    assert (data["status"], data["refused"], data["report"]) == ("failed", run.refused, None)


@pytest.mark.parametrize("letter", ["a", "ギ", "🎸"])
def test_a_refusal_of_many_sentences_is_cut_and_told_all_the_same(audit: Audit, store: Store, letter: str) -> None:
    why = "\n".join(f"prompts[{number}] {letter * 3000}: give at most 2047 characters" for number in range(300))
    message = finished(store, turned_down(audit, DUE, DUE, why))
    assert notify.fits(message)
    first, *_, last = message["data"]["refused"].splitlines()
    assert (first[:10], last) == ("prompts[0]", "… the record has the rest.")
