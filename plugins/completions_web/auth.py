"""Whom the HTTP API lets in, and as whom: routes take one of the two lists as their `dependencies`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_dag
from fastapi import Depends, HTTPException, Request

from completions_web.runs import DAG

if TYPE_CHECKING:
    from airflow.api_fastapi.auth.managers.base_auth_manager import ResourceMethod


def _may(method: ResourceMethod, doing: str) -> Any:
    """The dependency of a route that takes Airflow's permission to do so."""
    check = requires_access_dag(method, DagAccessEntity.RUN, param_dag_id=DAG)

    def allowed(request: Request, user: GetUserDep) -> None:
        try:
            check(request, user)
        except HTTPException as refused:
            raise HTTPException(refused.status_code, f"{user.get_name()} may not {doing} of the DAG {DAG}.") from None

    return Depends(allowed)


READ = [_may("GET", "see runs")]
START = [_may("POST", "start runs")]
