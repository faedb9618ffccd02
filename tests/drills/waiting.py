"""What mostly waits, begun together and early: other drills go on beside it (`test_batches.py`).

Every fault runs into its deadlines. Receivers are down for longer than a run's quick tries: they ask to be left alone
for just longer than a task would sit out, which is the shortest of the long waits.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import uuid4

from standardwebhooks import Webhook

from completions.batch import batch_id_of
from completions.delivery import PATIENCE_SECONDS
from completions.reading import connect
from completions.rehearsal import FAULTS, normalised
from completions.status import status
from real_airflow import SECRET, RealAirflow

LATER = "callback_delivery"
LONGER = str(int(PATIENCE_SECONDS) + 1)


def _told(airflow: RealAirflow, batch_id: str) -> dict[str, Any]:
    body = status(airflow.store, batch_id)
    assert body
    assert body["notification"], "nothing was tried"
    told: dict[str, Any] = body["notification"]
    return told


def _batch(airflow: RealAirflow, receiver: str) -> str:
    """A batch that was asked and collected, and whose receiver took nothing; the id of its run."""
    run_id = airflow.run(
        {"prompts": [f"Who is {receiver}?"], "rehearse": True, "callback": airflow.rehearsal.callback_url(receiver)}
    )
    assert (airflow.state(run_id), airflow.tasks(run_id)["notify"]) == ("success", ["success"])
    return run_id


def _task(airflow: RealAirflow, run_id: str) -> str | None:
    """The state of the delivering task."""
    states = [instance["state"] for instance in airflow.instances(run_id, LATER)]
    return states[0] if states else None


def a_receiver_that_is_down_is_told_later_and_waits_hold_no_slot(airflow: RealAirflow) -> None:
    airflow.rehearsal.script_callback("slow", 503, times=2, retry_after=LONGER)
    batch_id = batch_id_of(_batch(airflow, "slow"))
    told = _told(airflow, batch_id)
    assert (told["state"], [attempt["status_code"] for attempt in told["attempts"]]) == ("retrying", [503])

    run = airflow.api.request("GET", f"/dags/{LATER}/dagRuns/{told['id']}")
    assert (run["state"], _task(airflow, told["id"])) == ("queued", None)
    assert datetime.fromisoformat(run["run_after"]) >= datetime.fromisoformat(told["next_attempt_at"])
    airflow.until(lambda: _task(airflow, told["id"]) == "up_for_retry")
    assert len(_told(airflow, batch_id)["attempts"]) == 2
    assert airflow.state(told["id"], LATER) == "running"

    airflow.wait(told["id"], LATER)
    assert (airflow.state(told["id"], LATER), _task(airflow, told["id"])) == ("success", "success")
    ended = _told(airflow, batch_id)
    assert (ended["state"], ended["next_attempt_at"]) == ("delivered", None)
    assert [attempt["status_code"] for attempt in ended["attempts"]] == [503, 503, 204]
    came = airflow.rehearsal.callbacks("slow")
    assert {callback.headers["webhook-id"] for callback in came} == {told["id"]}
    assert len({callback.body for callback in came}) == 1
    Webhook(SECRET).verify(came[-1].body, came[-1].headers)
    times = [datetime.fromisoformat(attempt["at"]) for attempt in ended["attempts"]]
    for earlier, later in pairwise(times):
        assert (later - earlier).total_seconds() >= PATIENCE_SECONDS


def a_receiver_that_refuses_for_good_ends_it_and_clearing_begins_anew(airflow: RealAirflow) -> None:
    airflow.rehearsal.script_callback("leaving", 503, retry_after=LONGER)
    batch_run = _batch(airflow, "leaving")
    told = _told(airflow, batch_id_of(batch_run))
    airflow.rehearsal.script_callback("leaving", 410)
    airflow.wait(told["id"], LATER)
    assert airflow.state(told["id"], LATER) == "failed"
    assert airflow.state(batch_run) == "success"
    assert _told(airflow, batch_id_of(batch_run))["state"] == "failed"

    airflow.rehearsal.script_callback("leaving", 503, retry_after=LONGER)
    airflow.clear(batch_run, "notify")
    assert airflow.tasks(batch_run)["notify"] == ["success"]
    airflow.until(lambda: _task(airflow, told["id"]) == "up_for_retry")
    ended = _told(airflow, batch_id_of(batch_run))
    assert [attempt["status_code"] for attempt in ended["attempts"]] == [503, 410, 503]
    assert ended["state"] == "retrying"
    airflow.clear(batch_run, "notify")
    assert _told(airflow, batch_id_of(batch_run))["state"] == "delivered"
    airflow.wait(told["id"], LATER)
    assert airflow.state(told["id"], LATER) == "success"
    assert len(airflow.rehearsal.callbacks("leaving")) == 4


def many_dead_receivers_are_in_nobodys_way(airflow: RealAirflow) -> None:
    dead = [f"dead-{number}" for number in range(20)]
    for name in dead:
        airflow.rehearsal.script_callback(name, 503, times=99, retry_after="3600")
    prompt = f"Who is dead? {uuid4()}"
    runs = [
        airflow.start({"prompts": [prompt], "rehearse": True, "callback": airflow.rehearsal.callback_url(name)})
        for name in dead
    ]
    for run_id in runs:
        airflow.wait(run_id)
        assert airflow.state(run_id) == "success"
        assert _told(airflow, batch_id_of(run_id))["state"] == "retrying"
    waiting = airflow.api.request("GET", f"/dags/{LATER}/dagRuns", state="queued")
    assert waiting["total_entries"] >= len(dead)
    alive = airflow.run({"prompts": [prompt], "rehearse": True, "callback": airflow.rehearsal.callback_url("alive")})
    assert _told(airflow, batch_id_of(alive))["state"] == "delivered"


def every_fault_ends_in_its_outcome_and_no_wall_text_is_an_answer(airflow: RealAirflow) -> None:
    faults = sorted(set(FAULTS) - {"slow_load"})  # dealt before there is a prompt
    prompts = [f"Which pick is best? [fault:{fault}]" for fault in faults]
    callback = airflow.rehearsal.callback_url("faults")
    run_id = airflow.run({"prompts": prompts, "rehearse": True, "expiration": 0, "callback": callback})
    batch_id = batch_id_of(run_id)

    query = "select prompt, outcome, answer_text from completions"
    rows = connect(airflow.store, batch_id).execute(query).fetchall()
    assert {prompt: outcome for prompt, outcome, _ in rows} == {
        prompt: FAULTS[fault] for prompt, fault in zip(prompts, faults, strict=True)
    }
    answered = [(prompt, text) for prompt, outcome, text in rows if outcome == "answered"]
    assert all(text is None for _, outcome, text in rows if outcome != "answered")
    for prompt, text in answered:
        assert normalised(text or "") == normalised(airflow.rehearsal.truth(prompt, "b").text)

    body = status(airflow.store, batch_id)
    assert body
    assert airflow.state(run_id) == "success"
    assert (body["status"], body["successful"], body["failed"]) == (
        "successful",
        len(answered),
        len(rows) - len(answered),
    )
    [told] = airflow.rehearsal.callbacks("faults")
    assert b'"batch.successful"' in told.body


SCENARIOS: tuple[Callable[[RealAirflow], None], ...] = (
    every_fault_ends_in_its_outcome_and_no_wall_text_is_an_answer,
    a_receiver_that_is_down_is_told_later_and_waits_hold_no_slot,
)
"""What goes on beside other drills."""
ALONE: tuple[Callable[[RealAirflow], None], ...] = (
    a_receiver_that_refuses_for_good_ends_it_and_clearing_begins_anew,
    many_dead_receivers_are_in_nobodys_way,
)
"""What follows them: Airflow on SQLite answers 500 where much else is written."""
