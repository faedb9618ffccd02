"""What a batch is waiting for, in words: as the store and Airflow tell it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from completions.breaker import Breaker
from completions.status import Standing
from completions_web.pages.words import moment, number

RETRY_DELAY = timedelta(seconds=30)
"""That of the tasks of `batch_completions`."""
SITES = {"chatgpt": "ChatGPT", "gemini": "Gemini", "perplexity": "Perplexity", "copilot": "Microsoft Copilot"}

Told = dict[str, Any]
"""A run, or a task of one, as Airflow's REST API has it."""


def reasons(
    standing: Standing, run: Told | None, tasks: Sequence[Told] = (), breakers: Sequence[Breaker] = ()
) -> list[str]:
    """Sentences on a batch that is under way; none once it is over."""
    body = standing.body
    if body["status"] == "archiving":
        return ["All is asked. Dataset, archive and manifest are being written."]
    if body["status"] != "retrieving":
        return []
    if body["cancelled"]:
        return ["It was cancelled: what is being asked is finished, the rest is not asked."]
    if standing.plan is None:
        return [not_planned(run)]
    asking = being_asked(standing)
    return [
        *_paused(standing.plan.config.model, breakers),
        *_tasks(tasks),
        *([] if asking or tasks or run is None else [_standstill(str(run["state"]))]),
    ]


def over(run: Told | None) -> bool:
    """Whether Airflow is done with the run, so that nothing will come of it any more."""
    return run is not None and run["state"] in ("success", "failed")


def not_planned(run: Told | None) -> str:
    """How far the run of a batch is that has no plan."""
    if run is None:
        return "It is not planned yet: Airflow has not started its run."
    if run["state"] == "queued":
        return "Its run is queued: Airflow starts it as soon as fewer than 16 batches are under way."
    if run["state"] == "running":
        return "Its run has begun: the request is checked, and what the cache still holds is taken over."
    return "Its run ended before anything was planned: the log of the task plan says why."


def _standstill(state: str) -> str:
    if state in ("success", "failed"):
        return f"Nothing is being asked any more: its run ended as {state}. Its tasks in Airflow say why."
    return "Its tasks are between two steps."


def being_asked(standing: Standing) -> int:
    """How many conversations are under way."""
    shards = [shard for shard in standing.progress if shard]
    return sum(len(set(shard.asking) - {(one.index, one.sample) for one in shard.settled}) for shard in shards)


def _paused(model: str, breakers: Sequence[Breaker]) -> Iterator[str]:
    for one in breakers:
        way = f" through {one.way}" if one.way else ""
        why = str(one.outcome or "").replace("_", " ")
        if one.state == "open" and one.until:
            yield f"{SITES[model]} is left alone{way} until {one.until:%H:%M:%S} UTC, after it answered with: {why}."
        elif one.state == "half-open":
            yield f"{SITES[model]} was left alone{way} after: {why}. One conversation tries first, the others wait."


def _tasks(tasks: Sequence[Told]) -> Iterator[str]:
    ready = [task for task in tasks if task["state"] in ("scheduled", "queued")]
    if asks := sum(task["task_id"] == "ask" for task in ready):
        yield f"{number(asks)} {'task waits' if asks == 1 else 'tasks wait'} for room in Airflow's pool browsers."
    for task in tasks:
        if task["state"] == "up_for_retry":
            yield f"The task {_name(task)} failed{_again(moment(task.get('end_date')), task)}."
        elif task["state"] == "running" and task["task_id"] in ("collect", "notify"):
            yield f"The task {task['task_id']} is at work."


def _name(task: Told) -> str:
    return str(task["task_id"]) if task["map_index"] < 0 else f"{task['task_id']} {task['map_index'] + 1}"


def _again(ended: datetime | None, task: Told) -> str:
    at = f" at about {ended + RETRY_DELAY:%H:%M:%S} UTC" if ended else ""
    return f" and is tried again{at}, for the {_ordinal(task['try_number'] + 1)} of {task['max_tries'] + 1} times"


def _ordinal(which: int) -> str:
    return {1: "first", 2: "second", 3: "third"}.get(which, f"{which}th")
