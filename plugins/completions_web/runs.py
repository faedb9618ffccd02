"""Starting runs through Airflow's public REST API, as the caller who asks for it."""

from __future__ import annotations

from http import HTTPStatus

import httpx
from fastapi import HTTPException, Request

DAG = "batch_completions"

_OURS = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
"""Answers that concern the caller; all others concern this installation."""


async def start_run(request: Request, batch_id: str) -> None:
    """Start a run for the batch with the credentials of `request`; raises `HTTPException` when Airflow doesn't take it.

    Airflow is asked within this process, in the app that we are mounted in, so that neither its public address nor a
    proxy in front of it matters.
    """
    identity = {name: request.headers[name] for name in ("authorization", "cookie") if name in request.headers}
    transport = httpx.ASGITransport(app=request.scope["airflow"], raise_app_exceptions=False)
    run = {"dag_run_id": f"api__{batch_id}", "logical_date": None, "conf": {"batch_id": batch_id}}
    async with httpx.AsyncClient(transport=transport, base_url="http://airflow", headers=identity) as airflow:
        answer = await airflow.post(f"/api/v2/dags/{DAG}/dagRuns", json=run)
    if answer.is_error:
        status = answer.status_code if answer.status_code in _OURS else HTTPStatus.SERVICE_UNAVAILABLE
        raise HTTPException(status, f"Airflow did not take the batch: {_reason(answer)}")


def _reason(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"{answer.status_code} {answer.reason_phrase}"
