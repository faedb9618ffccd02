"""Starting runs through Airflow's public REST API, as the caller who asks for it."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx
from fastapi import HTTPException, Request

DAG = "batch_completions"
CHECKS = "site_health"
"""The DAG that checks the sites."""

_STARTING = asyncio.Semaphore(4)
"""So many runs are started at once: of more, each would wait for a thread and hold one of the few connections to the
database that the others wait for (Airflow 3.3.2, seen to stand still at 100)."""

_OURS = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
"""Answers that concern the caller; all others concern this installation."""


async def start_run(
    request: Request, run_id: str, conf: dict[str, Any], *, once: bool = False, dag: str = DAG
) -> None:
    """Start a run with the credentials of `request`; raises `HTTPException` when Airflow doesn't take it.

    With `once`, a run that was started before is as good.
    """
    run = {"dag_run_id": run_id, "logical_date": None, "conf": conf}
    async with _STARTING:
        if once and (await _airflow(request, "GET", _path(run_id))).is_success:
            return
        answer = await _airflow(request, "POST", f"/dags/{dag}/dagRuns", json=run)
        # Of several who start the same run at once, all but one may be told of anything.
        started = answer.is_success or (once and (await _airflow(request, "GET", _path(run_id))).is_success)
    if not started:
        status = answer.status_code if answer.status_code in _OURS else HTTPStatus.SERVICE_UNAVAILABLE
        raise HTTPException(status, f"Airflow did not take the {'batch' if dag == DAG else 'run'}: {_reason(answer)}")


async def is_active(request: Request, run_id: str) -> bool:
    """Whether the run is queued or going on, as Airflow tells the sender of `request`; one that is gone is not."""
    answer = await _airflow(request, "GET", _path(run_id))
    if answer.status_code == HTTPStatus.NOT_FOUND:
        return False
    if answer.is_error:
        status = answer.status_code if answer.status_code in _OURS else HTTPStatus.SERVICE_UNAVAILABLE
        raise HTTPException(status, f"Airflow does not tell how the run stands: {_reason(answer)}")
    return answer.json()["state"] in ("queued", "running")


def _path(run_id: str) -> str:
    return f"/dags/{DAG}/dagRuns/{quote(run_id, safe='')}"


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
