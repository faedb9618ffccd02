"""A small client of Airflow's public REST API."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from http import HTTPStatus
from typing import Any

import httpx

from completions.errors import Unreachable

TRIES = 3
"""So often a run is started that Airflow fails to take."""


class AirflowError(Unreachable):
    """Airflow cannot be reached, or did not do as asked; `status` is the HTTP status where there was one."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class Airflow:
    """The Airflow at `url`, asked as the bearer of `token`.

    Without a token one is fetched, as the embedded Airflow gives it to whoever can reach it.
    """

    def __init__(self, url: str, token: str | None = None, timeout: float = 30) -> None:
        self.url = url.rstrip("/")
        self._given = token
        # No connection is kept, so that there is nothing to close; no proxy stands between one machine and itself.
        at_once = httpx.Limits(max_keepalive_connections=0)
        self._http = httpx.Client(base_url=self.url, timeout=timeout, trust_env=False, limits=at_once)

    @cached_property
    def token(self) -> str:
        """The bearer token."""
        return self._given or str(self._send("GET", "/auth/token")["access_token"])

    def request(self, method: str, path: str, json: Any = None, **params: Any) -> Any:
        """What `path` below /api/v2 answers, as JSON; None for an empty body. Raises `AirflowError`."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return self._send(method, f"/api/v2{path}", json=json, params=params, headers=headers)

    def start(self, dag: str, run_id: str, conf: Mapping[str, Any], tries: int = TRIES) -> Any:
        """Start a run; returns what Airflow says of it. Raises `AirflowError`.

        On SQLite, Airflow 3.3.2 fails to take one now and then, when a task reports at that moment: it is told again.
        """
        run = {"dag_run_id": run_id, "logical_date": None, "conf": dict(conf)}
        try:
            return self.request("POST", f"/dags/{dag}/dagRuns", json=run)
        except AirflowError as error:
            failed = (error.status or 0) >= HTTPStatus.INTERNAL_SERVER_ERROR
            if failed and tries > 1:
                return self.start(dag, run_id, conf, tries - 1)
            twice = tries < TRIES and (failed or error.status == HTTPStatus.CONFLICT)
            if twice and (found := self._found(f"/dags/{dag}/dagRuns/{run_id}")):  # it had taken it after all
                return found
            raise

    def _found(self, path: str) -> Any:
        try:
            return self.request("GET", path)
        except AirflowError:
            return None

    def _send(self, method: str, path: str, **how: Any) -> Any:
        try:
            response = self._http.request(method, path, **how)
        except httpx.HTTPError as error:
            raise AirflowError(f"Airflow at {self.url} cannot be reached ({error or type(error).__name__})") from error
        if response.is_error:
            raise AirflowError(f"Airflow refused {method} {path}: {_reason(response)}", response.status_code)
        return response.json() if response.content else None


def _reason(response: httpx.Response) -> str:
    try:
        return str(response.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"{response.status_code} {response.reason_phrase}"
