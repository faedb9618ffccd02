"""Starting runs through Airflow's public REST API, as the caller who asks for it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx
from fastapi import HTTPException, Request

DAG = "batch_completions"
CHECKS = "site_health"
"""The DAG that checks the sites."""

_STARTING = asyncio.Lock()
"""One run is started at a time. Airflow 3.3.2 logs who starts one in its event loop, and waits there for SQLite while
the request that holds it cannot go on: after 5 s it answers 500 (airflow/api_fastapi/logging/decorators.py)."""
TRIES = 3
"""So often a run is started that Airflow fails to take, as a task that reports at that moment does the same."""

MOST = 100
"""What Airflow gives at most in one answer, unless it is configured otherwise."""

Run = dict[str, Any]
"""A run, or a task of one, as Airflow's REST API has it."""

_OURS = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
"""Answers that concern the caller; all others concern this installation."""


async def start_run(request: Request, run_id: str, conf: dict[str, Any], *, once: bool = False, dag: str = DAG) -> None:
    """Start a run with the credentials of `request`; raises `HTTPException` when Airflow doesn't take it.

    With `once`, a run that was started before is as good.
    """
    run = {"dag_run_id": run_id, "logical_date": None, "conf": conf}
    async with _STARTING:
        if once and (await _airflow(request, "GET", _path(run_id, dag))).is_success:
            return
        answer, left = await _airflow(request, "POST", f"/dags/{dag}/dagRuns", json=run), TRIES - 1
        while answer.is_server_error and left:
            answer, left = await _airflow(request, "POST", f"/dags/{dag}/dagRuns", json=run), left - 1
        # Of several who start the same run at once, all but one may be told of anything.
        twice = once or left < TRIES - 1
        started = answer.is_success or (twice and (await _airflow(request, "GET", _path(run_id, dag))).is_success)
    if not started:
        status = answer.status_code if answer.status_code in _OURS else HTTPStatus.SERVICE_UNAVAILABLE
        raise HTTPException(status, f"Airflow did not take the {'batch' if dag == DAG else 'run'}: {_reason(answer)}")


async def start_audit(request: Request, name: str) -> str | None:
    """Start a run of an audit as `start_run`; returns why it will not begin at once, if so."""
    dag = f"audit_{name}"
    run_id = f"manual__{datetime.now(UTC).isoformat()}"  # as Airflow's own form calls one
    await start_run(request, run_id, {}, dag=dag)
    told = await _airflow(request, "GET", f"/dags/{dag}")
    if told.is_success and told.json()["is_paused"]:
        return f"The DAG {dag} is paused in Airflow: it begins once that is not."
    before = await _airflow(request, "GET", f"/dags/{dag}/dagRuns", params={"state": ["queued", "running"]})
    others = [run for run in before.json()["dag_runs"] if run["dag_run_id"] != run_id] if before.is_success else []
    return "Another run is under way: it begins after that." if others else None


async def is_active(request: Request, run_id: str) -> bool:
    """Whether the run is queued or going on, as Airflow tells the sender of `request`; one that is gone is not."""
    answer = await _airflow(request, "GET", _path(run_id))
    if answer.status_code == HTTPStatus.NOT_FOUND:
        return False
    if answer.is_error:
        status = answer.status_code if answer.status_code in _OURS else HTTPStatus.SERVICE_UNAVAILABLE
        raise HTTPException(status, f"Airflow does not tell how the run stands: {_reason(answer)}")
    return answer.json()["state"] in ("queued", "running")


async def runs(request: Request, run_ids: Sequence[str]) -> dict[str, Run]:
    """Those of these runs that Airflow has, by id, in one call; none where it does not tell."""
    asked = {"run_id_prefix_pattern": "|".join(run_ids), "limit": MOST}
    answer = await _airflow(request, "GET", f"/dags/{DAG}/dagRuns", params=asked)
    return {run["dag_run_id"]: run for run in answer.json()["dag_runs"]} if answer.is_success and run_ids else {}


async def run_of(request: Request, run_id: str) -> Run | None:
    """A run as Airflow tells of it; None where there is none for who asks."""
    answer = await _airflow(request, "GET", _path(run_id))
    return answer.json() if answer.is_success else None


async def refused(request: Request, run_id: str) -> list[str]:
    """Why a run's request was refused, as the task `plan` told its log: a sentence for each field, or none."""
    answer = await _airflow(request, "GET", f"{_path(run_id)}/taskInstances/plan/logs/1")
    told = answer.json().get("content", []) if answer.is_success else []
    return [
        str(line["event"])
        for line in told
        if line.get("level") == "error" and line.get("logger") == "completions_airflow.steps"
    ]


async def tasks_at_work(request: Request, run_id: str) -> list[Run]:
    """Tasks of a run that are under way or about to be, the first hundred."""
    asked = {"state": ["scheduled", "queued", "running", "up_for_retry"], "limit": MOST}
    answer = await _airflow(request, "GET", f"{_path(run_id)}/taskInstances", params=asked)
    return list(answer.json()["task_instances"]) if answer.is_success else []


def _path(run_id: str, dag: str = DAG) -> str:
    return f"/dags/{dag}/dagRuns/{quote(run_id, safe='')}"


async def _airflow(request: Request, method: str, path: str, **how: Any) -> httpx.Response:
    """What Airflow's API answers to the sender of `request`.

    It is asked within this process, in the app that we are mounted in, so that neither its public address nor a
    proxy in front of it matters.
    """
    identity = {name: request.headers[name] for name in ("authorization", "cookie") if name in request.headers}
    transport = httpx.ASGITransport(app=request.scope["airflow"], raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://airflow", headers=identity) as airflow:
        return await airflow.request(method, f"/api/v2{path}", **how)


def _reason(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"{answer.status_code} {answer.reason_phrase}"
