"""What the pages of batches show, from the store alone: no Airflow runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from batches import BATCH, NOW, ask, planned, record
from completions import cache, progress
from completions.batch import BatchConfig
from completions.breaker import Breaker
from completions.cancelling import cancel
from completions.collect import collect
from completions.errors import Outcome
from completions.plan import Item, submit
from completions.progress import Progress, Settled
from completions.retrying import retry
from completions.status import look, record_failure
from completions.store import Store
from completions_web.pages import figures, live, waiting
from completions_web.pages.batch_view import Asked, View, see, starter
from completions_web.pages.listed import PAGE, Wanted, listed, newer, newest, row_of
from completions_web.pages.prompts import choices

LATER = NOW + timedelta(minutes=5)


def _ended(item: Item) -> Outcome | None:
    return [Outcome.ANSWERED, Outcome.TIMEOUT, Outcome.REFUSED, None][item.index % 4]


def _view(store: Store, **asked: Any) -> View:
    view = see(store, BATCH, Asked(**asked))
    assert view
    return view


def _states(view: View) -> list[str]:
    return [
        f"{answer.settled.outcome}{' cached' if answer.settled.cached else ''}" if answer.settled else answer.state
        for prompt in view.found
        for answer in prompt.answers
    ]


class TestPrompts:
    def test_from_the_plan_to_the_dataset(self, store: Store) -> None:
        assert see(store, BATCH, Asked()) is None
        submit(store, BATCH, BatchConfig(prompts=["a"]))
        assert (_states(_view(store)), _view(store).under_way) == (["waiting"], True)
        plan = planned(store, ["a", "b", "a", "c", "d"])
        assert _states(_view(store)) == ["waiting"] * 5
        ask(store, plan, lambda item: _ended(item) if item.index < 3 else None)
        part = store.of("live")
        progress.keep(part, BATCH, Progress(shard=2, of=1, outcomes={}, asking=[(3, 0)]))
        assert _states(_view(store)) == ["answered", "timeout", "answered", "asking", "waiting"]
        cancel(part, BATCH, 1, LATER)
        assert _states(_view(store)) == ["answered", "timeout", "answered", "asking", "idle"]
        collect(store, BATCH, LATER)
        assert _states(_view(store)) == ["answered", "timeout", "answered", "cancelled", "cancelled"]

    def test_of_a_batch_that_is_asked_again_what_stays_is_still_there(self, store: Store) -> None:
        ask(store, planned(store, ["a", "b", "b"]), _ended)
        collect(store, BATCH, LATER)
        retry(store, BATCH)
        view = _view(store)
        assert (_states(view), view.generation, view.under_way) == (["answered", "waiting", "waiting"], 2, True)
        assert view.run_ids == [f"retry__{BATCH}__g2", "manual__1"]
        assert view.took is not None
        assert 0 <= view.took < 600, "the second asking's own time"

    def test_what_the_cache_gives_is_there_at_once(self, store: Store) -> None:
        first = planned(store, ["a"], batch_id="first")
        cache.keep(store, record(first, first.items[0]))
        planned(store, ["a", "b", "a"], now=LATER)
        assert _states(_view(store)) == ["answered cached", "waiting", "answered cached"]

    def test_a_broken_batch_asks_nothing_more(self, store: Store) -> None:
        planned(store, ["a", "b"])
        record_failure(store, BATCH, "the pipeline broke", LATER)
        view = _view(store)
        assert (_states(view), view.failure, view.under_way) == (["idle", "idle"], "the pipeline broke", False)

    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            ({}, [0, 1, 2, 3, 4, 5, 6, 7]),
            ({"show": "timeout"}, [1, 5]),
            ({"show": "failed"}, [1, 5]),
            ({"show": "open"}, [3, 7]),
            ({"show": "warned"}, []),
            ({"q": "PROMPT 5"}, [5]),
            ({"q": "2"}, [1, 2]),
            ({"show": "timeout", "q": "nothing"}, []),
        ],
    )
    def test_they_are_chosen_by_outcome_and_text(self, store: Store, asked: dict[str, str], found: list[int]) -> None:
        ask(store, planned(store, [f"prompt {number}" for number in range(8)]), _ended)
        assert [prompt.index for prompt in _view(store, **asked).found] == found

    def test_what_may_be_chosen_is_counted(self, store: Store) -> None:
        plan = planned(store, [f"prompt {number}" for number in range(8)])
        ask(store, plan, _ended)
        assert [(name, count) for name, _, count in choices(_view(store).there, 8)] == [
            *[("", 8), ("answered", 2), ("refused", 2), ("timeout", 2)],
            *[("failed", 2), ("open", 2)],
        ]

    def test_a_hundred_are_on_a_page(self, store: Store) -> None:
        planned(store, [f"prompt {number}" for number in range(201)])
        shown = [_view(store, page=number) for number in (1, 3, 4)]
        assert [(len(view.shown), view.first) for view in shown] == [(100, 1), (1, 201), (0, 301)]
        assert shown[0].pages == 3

    def test_the_sign_of_a_prompt_changes_with_it(self, store: Store) -> None:
        plan = planned(store, ["a"], samples=2)
        signs = [_view(store).signs]
        progress.keep(store, BATCH, Progress(shard=0, of=1, outcomes={}, asking=[(0, 0)]))
        signs.append(_view(store).signs)
        ask(store, plan, lambda item: Outcome.ANSWERED if item.sample == 0 else None)
        signs.append(_view(store).signs)
        assert len(set(signs)) == 3


def _settled(index: int, seconds: float, **more: Any) -> Settled:
    fields = {"index": index, "sample": 0, "outcome": "answered", "at": NOW + timedelta(seconds=seconds)}
    return Settled.model_validate(fields | {"latency_ms": 2000} | more)


class TestFigures:
    def test_equal_prompts_that_are_asked_once_are_one_conversation(self, store: Store) -> None:
        ask(store, planned(store, ["a", "b", "a", "a"]))
        running = _view(store).pace.asked
        collect(store, BATCH, LATER)
        assert (running, _view(store).pace.asked) == (2, 2)

    def test_the_pace_is_that_of_the_last_minutes_and_foretells_the_end(self) -> None:
        there = [_settled(number, 10 * number) for number in range(60)]
        told = figures.pace(there, 30, NOW + timedelta(seconds=590))
        assert (told.asked, told.typical, told.slow) == (60, 2.0, 2.0)
        assert told.per_minute == pytest.approx(6, rel=0.1)
        assert told.left == pytest.approx(300, rel=0.1)
        assert all(re.fullmatch(r"<svg.*</svg>", drawing, re.DOTALL) for _, drawing in told.drawn)

    @pytest.mark.parametrize("there", [[], [_settled(0, 0, cached=True)], [_settled(0, 0, at=None)]])
    def test_what_was_not_asked_has_none(self, there: list[Settled]) -> None:
        assert figures.pace(there, 3, NOW) == figures.Pace(0)

    def test_one_answer_has_no_pace(self) -> None:
        told = figures.pace([_settled(0, 3)])
        assert (told.asked, told.typical, told.per_minute, told.drawn) == (1, 2.0, None, ())

    def test_warnings_and_reasons_that_differ_in_numbers_are_one(self) -> None:
        there = [_settled(number, 0, warnings=[f"{number} marks", "a dialog"]) for number in range(3)]
        there += [_settled(9, 0, outcome="timeout", error_message=f"not within {s} s") for s in (60, 90)]
        told = [(one.text, one.count) for one in figures.warnings(there, ["of all"], 5)]
        assert told == [("of all", 5), ("0 marks", 3), ("a dialog", 3)]
        assert [(one.text, one.count, one.outcome) for one in figures.reasons(there)] == [
            ("not within 60 s", 2, "timeout")
        ]

    def test_places_are_counted_with_what_they_were_seen_by(self) -> None:
        seen = {"egress_country": "US", "egress_city": "Nashville", "egress_source": "echo", "location_match": "exact"}
        there = [
            _settled(0, 0, **seen),
            _settled(1, 0, **seen),
            _settled(2, 0),
            _settled(3, 0, location_match="unknown"),
        ]
        assert [(one.place, one.match, one.count) for one in figures.whence(there)] == [
            ("Nashville, US", "exact", 2),
            ("not seen", "unknown", 1),
        ]


RUNNING = {"state": "running", "dag_run_id": "r"}


def _task(state: str, task_id: str = "ask", map_index: int = 0, **more: Any) -> dict[str, Any]:
    return {"task_id": task_id, "map_index": map_index, "state": state, "try_number": 1, "max_tries": 2} | more


class TestWaiting:
    @pytest.mark.parametrize(
        ("run", "said"),
        [
            (None, "Airflow has not started its run"),
            ({"state": "queued"}, "Its run is queued"),
            ({"state": "running"}, "Its run has begun"),
            ({"state": "failed"}, "the log of the task plan says why"),
        ],
    )
    def test_before_it_is_planned(self, store: Store, run: dict[str, Any] | None, said: str) -> None:
        submit(store, BATCH, BatchConfig(prompts=["a"]))
        standing = look(store, BATCH)
        assert standing
        [told] = waiting.reasons(standing, run)
        assert said in told

    @pytest.mark.parametrize(
        ("tasks", "breakers", "said"),
        [
            ([_task("running")], [], []),
            ([_task("queued"), _task("scheduled")], [], ["2 tasks wait for room in Airflow's pool browsers."]),
            ([_task("queued")], [], ["1 task waits for room in Airflow's pool browsers."]),
            ([_task("running", "collect", -1)], [], ["The task collect is at work."]),
            (
                [_task("up_for_retry", map_index=3, end_date="2026-11-23T12:00:00Z")],
                [],
                ["The task ask 4 failed and is tried again at about 12:00:30 UTC, for the second of 3 times."],
            ),
            (
                [_task("running")],
                [Breaker("exit-1-DE", Outcome.RATE_LIMITED, NOW, datetime(9999, 1, 1, 9, 30, tzinfo=NOW.tzinfo), 1)],
                ["ChatGPT is left alone through exit-1-DE until 09:30:00 UTC, after it answered with: rate limited."],
            ),
            ([], [], ["Its tasks are between two steps."]),
        ],
    )
    def test_while_it_is_asked(self, store: Store, tasks: list[Any], breakers: list[Breaker], said: list[str]) -> None:
        planned(store)
        standing = look(store, BATCH)
        assert standing
        assert waiting.reasons(standing, RUNNING, tasks, breakers) == said

    def test_cancelled_archiving_done(self, store: Store) -> None:
        plan = planned(store)

        def said() -> list[str]:
            standing = look(store, BATCH)
            assert standing
            return [sentence.partition(":")[0].partition(".")[0] for sentence in waiting.reasons(standing, RUNNING)]

        told = [said()]
        cancel(store, BATCH, 1, NOW)
        told.append(said())
        ask(store, plan)
        told.append(said())
        collect(store, BATCH, LATER)
        assert [*told, said()] == [["Its tasks are between two steps"], ["It was cancelled"], ["All is asked"], []]


class TestList:
    @pytest.fixture
    def some(self, store: Store) -> Store:
        """Thirty batches, a minute apart, in all kinds."""
        for number in range(30):
            config: dict[str, Any] = {"prompts": [f"prompt {number}", "Gitarre"], "rehearse": number % 2 == 1}
            config["model"] = "gemini" if number % 3 == 0 else "chatgpt"
            config["client_ref"] = "mine" if number == 7 else None
            plan = planned(store, batch_id=f"b{number:02d}", now=NOW + timedelta(minutes=number), **config)
            if number % 5 == 0:
                ask(store, plan)
                collect(store, plan.batch_id, LATER)
        return store

    @pytest.mark.parametrize(
        ("wanted", "numbers"),
        [
            ({}, range(29, 4, -1)),
            ({"model": "gemini"}, range(27, -1, -3)),
            ({"state": "done"}, range(25, -1, -5)),
            ({"state": "under way", "model": "gemini"}, [27, 24, 21, 18, 12, 9, 6, 3]),
            ({"state": "cancelled"}, []),
            ({"q": "mine"}, [7]),
            ({"q": "GITARRE"}, range(29, 4, -1)),
            ({"q": "prompt 11"}, [11]),
            ({"q": "b03"}, [3]),
            ({"audit": "none"}, []),
        ],
    )
    def test_it_has_what_is_looked_for_newest_first(
        self, some: Store, wanted: dict[str, str], numbers: Iterator[int]
    ) -> None:
        found = listed(some, Wanted(**wanted))
        assert [row.batch_id for row in found.rows] == [f"b{number:02d}" for number in numbers]
        assert (found.following is None) == (len(found.rows) < PAGE)

    def test_pages_follow_each_other_to_the_end(self, some: Store) -> None:
        for wanted in (Wanted(), Wanted(q="gitarre")):
            first = listed(some, wanted)
            rest = listed(some, wanted, first.following)
            assert [row.batch_id for row in rest.rows] == [f"b{number:02d}" for number in range(4, -1, -1)]
            assert rest.following is None

    def test_newer_ones_are_counted(self, store: Store) -> None:
        assert newest(store) == ""
        for number in range(3):
            submit(
                store, f"b{number}", BatchConfig(prompts=["a"], rehearse=number > 1), NOW + timedelta(minutes=number)
            )
            if number == 0:
                top = newest(store)
        assert (newer(store, top), newer(store, newest(store))) == (2, 0)

    def test_one_that_is_gone_is_none(self, store: Store) -> None:
        assert row_of(store, BATCH) is None
        assert row_of(store, "../x") is None
        assert listed(store, Wanted()).rows == []


@pytest.mark.parametrize(
    ("run", "audit", "said"),
    [
        (None, None, ""),
        (None, "harps", "by the audit harps"),
        ({"triggering_user_name": "ann", "triggered_by": "rest_api"}, None, "by ann over HTTP"),
        (
            {"triggering_user_name": "Anonymous", "triggered_by": "rest_api", "dag_run_id": "cli__1"},
            None,
            "from the command line",
        ),
        (
            {"triggering_user_name": "ann", "triggered_by": "rest_api", "dag_run_id": "retry__1__g2"},
            None,
            "by ann as a retry",
        ),
        (
            {"triggering_user_name": "ann", "triggered_by": "rest_api", "dag_run_id": "manual__1"},
            None,
            "by ann in Airflow's form",
        ),
        ({"triggered_by": "cli", "dag_run_id": "manual__1"}, None, "on Airflow's command line"),
        ({"triggering_user_name": None, "triggered_by": "timetable", "run_type": "scheduled"}, None, "scheduled"),
    ],
)
def test_who_started_it(run: dict[str, Any] | None, audit: str | None, said: str) -> None:
    assert starter(run, audit) == said


@pytest.mark.parametrize(
    ("before", "now", "fresh"),
    [
        ({}, {"a": "1", "b": "2"}, {"a": "1", "b": "2"}),
        ({"a": "1", "b": "2"}, {"a": "1", "b": "2"}, {}),
        ({"a": "1", "b": "2"}, {"a": "1", "b": "3"}, {"b": "3"}),
        ({"a": "1", "b": "2"}, {"b": "2"}, {}),
        ({"b": "2"}, {"a": "1", "b": "2"}, {"a": "1"}),
    ],
)
def test_only_what_changed_is_sent(before: dict[str, str], now: dict[str, str], fresh: dict[str, str]) -> None:
    _, seen = live.renewed(("a", "b"), before) if before else ({}, "")
    told, after = live.renewed(("a", "b"), now, seen)
    assert told == fresh
    assert live.renewed(("a", "b"), now, after) == ({}, after)
