"""Whole batches on a real Airflow: many prompts, a browser killed under them, a task for each, not one answer.

And what mostly waits, begun in the middle and looked at in the end.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress

import psutil
import pytest

from completions.batch import batch_id_of
from completions.reading import connect
from completions.rehearsal import Rehearsal, normalised
from completions.service import Service
from completions.status import status
from completions.store import Store
from drills.waiting import ALONE, SCENARIOS
from real_airflow import RealAirflow

pytest_plugins = ["embedded_airflow"]
pytestmark = [pytest.mark.drill, pytest.mark.airflow, pytest.mark.browser]

Row = tuple[int, str, str, str | None, list[str] | None]
ROWS = """
    select prompt_index, prompt, outcome, answer_text, list_transform(citations, lambda one: one.url_canonical)
    from completions order by prompt_index, sample_index
"""


def _rows(store: Store, batch_id: str) -> list[Row]:
    rows: list[Row] = connect(store, batch_id).execute(ROWS).fetchall()
    return rows


def _assert_whole(rows: list[Row], prompts: list[str], rehearsal: Rehearsal) -> None:
    """Every prompt has one row, and the row holds what was shown for it."""
    assert [(index, prompt) for index, prompt, *_ in rows] == list(enumerate(prompts))
    for _, prompt, outcome, text, cited in rows:
        truth = rehearsal.truth(prompt, "b")
        assert (outcome, normalised(text or "")) == ("answered", normalised(truth.text))
        assert cited == [citation.url for citation in truth.citations]


def _browsers(airflow: RealAirflow) -> list[psutil.Process]:
    """The browsers of the asking tasks: neither the shell script that starts one, nor its own children."""
    found = []
    for process in Service(airflow.embedded.home, "embedded").processes():
        with suppress(psutil.Error):  # it may end while it is looked at
            program, *options = process.cmdline() or [""]
            if "--remote-debugging-pipe" in options and not program.endswith("/sh"):
                found.append(process)
    return [process for process in found if process.parent() not in found]


def _when(condition: Callable[[], bool], then: Callable[[], None]) -> threading.Thread:
    """Do `then` as soon as `condition` holds, beside what the test does meanwhile."""
    tick = threading.Event()

    def watch() -> None:
        while not condition():
            tick.wait(0.05)
        then()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    return thread


def test_a_browser_killed_under_many_prompts_costs_no_row_and_no_second_asking(airflow: RealAirflow) -> None:
    prompts = [f"Which guitar is number {number}?" for number in range(40)]
    killed: list[int] = []

    def completed() -> set[str]:
        return {asking.prompt for asking in airflow.rehearsal.asked() if asking.completed}.intersection(prompts)

    def kill() -> None:
        browser = _browsers(airflow)[0]
        browser.kill()
        killed.append(browser.pid)

    killer = _when(lambda: len(completed()) >= 10, kill)
    run_id = airflow.run({"prompts": prompts, "rehearse": True, "expiration": 0})
    killer.join(1)

    assert killed
    assert airflow.state(run_id) == "success"
    assert airflow.tasks(run_id)["ask"] == ["success"] * 2
    _assert_whole(_rows(airflow.store, batch_id_of(run_id)), prompts, airflow.rehearsal)
    asked = Counter(asking.prompt for asking in airflow.rehearsal.asked() if asking.prompt in prompts)
    # Only the chats that the killed browser held, at most four, may be asked again.
    assert sorted(asked) == sorted(prompts)
    assert sum(asked.values()) - len(prompts) <= 4


@pytest.mark.usefixtures("waits")
def test_a_small_batch_gets_a_task_and_a_browser_for_each_prompt(airflow: RealAirflow) -> None:
    prompts = [f"Which amplifier is number {number}?" for number in range(6)]
    run_id = airflow.run({"prompts": prompts, "rehearse": True, "expiration": 0})
    assert airflow.tasks(run_id)["ask"] == ["success"] * 6
    _assert_whole(_rows(airflow.store, batch_id_of(run_id)), prompts, airflow.rehearsal)


def test_a_batch_without_an_answer_fails_in_run_status_and_callback_alike(airflow: RealAirflow) -> None:
    callback = airflow.rehearsal.callback_url("walls")
    conf = {"prompts": ["a [fault:challenge]", "b [fault:login_wall]"], "rehearse": True, "callback": callback}
    run_id = airflow.run(conf)
    body = status(airflow.store, batch_id_of(run_id))
    assert body
    assert (airflow.state(run_id), body["status"]) == ("failed", "failed")
    assert body["outcomes"] == {"challenge": 1, "login_wall": 1}
    [told] = airflow.rehearsal.callbacks("walls")
    assert b'"batch.failed"' in told.body


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[scenario.__name__ for scenario in SCENARIOS])
def test_what_mostly_waits(waits: dict[str, Future[None]], scenario: Callable[[RealAirflow], None]) -> None:
    waits[scenario.__name__].result()


@pytest.mark.whole  # on a machine that is busy with another drill Airflow's SQLite refuses some of their many writes
@pytest.mark.parametrize("scenario", ALONE, ids=[scenario.__name__ for scenario in ALONE])
def test_receivers_that_are_down(airflow: RealAirflow, scenario: Callable[[RealAirflow], None]) -> None:
    scenario(airflow)
