"""`audit run`: a run of an audit between times, from the start to what it says."""

from __future__ import annotations

import time
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import uuid4

import typer

from completions.cli.audit_history import Json, Name, row
from completions.cli.batches import page_of
from completions.cli.out import Failed, print_json, say, terminal
from completions.errors import Refused

if TYPE_CHECKING:
    from completions.airflow_api import Airflow
    from completions.audit_runs import AuditRun
    from completions.audits import Audit

KNOWN = 90.0
"""Seconds in which Airflow finds the DAG of a new file."""
LOOK = 2.0
"""Seconds between two looks at a run."""


def run(
    name: Name,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Follow it to its end.")] = True,
    as_json: Json = False,
) -> None:
    """Start a run of an audit now, follow it, and print what it says.

    Runs on the embedded Airflow, started if it isn't. Its budget holds. A run that falls due meanwhile begins after it.
    """
    from completions.airflow_api import Airflow
    from completions.embedded import Embedded

    audit, embedded = _audit(name), Embedded()
    if audit.rehearse:
        embedded.rehearse(say)
    begun = _begin(Airflow(embedded.up(say).url), audit)
    say(f"{audit.name}: run {begun.run}, {audit.chats} chats at most ({audit.reckoning})  {begun.link}")
    if wait:
        _print_ended(begun, begun.followed(), begun.record(), as_json=as_json)
    elif as_json:
        print_json({"audit": audit.name, "run": begun.run, "dag_run_id": begun.run_id})


class _Begun:
    """A run that Airflow was told to begin."""

    def __init__(self, api: Airflow, audit: Audit, told: dict[str, Any]) -> None:
        from datetime import datetime

        from completions.audit_runs import run_name
        from completions.here import stored

        self.api, self.audit, self.run_id = api, audit, str(told["dag_run_id"])
        self.run = run_name(datetime.fromisoformat(told["run_after"]))
        self.store = stored()
        self.part = self.store.of(audit.origin)

    @property
    def link(self) -> str:
        """Where Airflow shows it."""
        return f"{self.api.url}/dags/{_dag(self.audit)}/runs/{self.run_id}"

    @property
    def state(self) -> str:
        """What Airflow says of it."""
        return str(self.api.request("GET", f"/dags/{_dag(self.audit)}/dagRuns/{self.run_id}")["state"])

    def record(self) -> AuditRun | None:
        """What is kept of it, with what its batches have by now."""
        from completions.audit_runs import load_run, so_far
        from completions.status import status

        found = load_run(self.part, self.audit.name, self.run)
        return so_far(found, partial(status, self.store)) if found and not found.ended_at else found

    def followed(self) -> str:
        """How it ended, as Airflow says: `success` or `failed`."""
        before = ""
        try:
            with terminal.status("…") as shown:
                while (state := self.state) not in ("success", "failed"):
                    told = _progress(self.record())
                    if told != before:
                        shown.update(told) if terminal.is_terminal else say(told)
                    before = told
                    time.sleep(LOOK)
        except KeyboardInterrupt:
            raise Failed(f"it goes on; see it with `completions audit runs {self.audit.name}`") from None
        return state


def _audit(given: str) -> Audit:
    """The audit of that name, or file, in the folder of audits. Raises `Refused`, and all that a run would."""
    from completions.audits import files
    from completions.cli.audits import checked
    from completions.here import settings

    folder = settings().audits
    name = Path(given).stem if given.endswith((".yaml", ".yml")) else given
    found = next((file for file in files(folder) if file.stem == name), None)
    if found is None or (given != name and Path(given).resolve() != found.resolve()):
        raise Refused("NAME", given, f"is no file in {folder}, of which Airflow makes its DAGs: put it there")
    return checked(found)


def _begin(api: Airflow, audit: Audit) -> _Begun:
    if _found(api, audit)["is_paused"]:
        raise Refused("NAME", audit.name, f"its DAG {_dag(audit)} is paused in Airflow, at {api.url}: unpause it there")
    path = f"/dags/{_dag(audit)}/dagRuns"
    if api.request("GET", path, state=["queued", "running"])["dag_runs"]:
        say("another run is under way: this one begins after that")
    return _Begun(api, audit, api.start(_dag(audit), f"cli__{uuid4()}", {}))


def _found(api: Airflow, audit: Audit) -> Any:
    """The DAG, which Airflow finds some time after the file was written."""
    from completions.airflow_api import AirflowError

    until = time.monotonic() + KNOWN
    with terminal.status(f"waiting for Airflow to find {audit.name}"):
        while True:
            try:
                return api.request("GET", f"/dags/{_dag(audit)}")
            except AirflowError as error:
                if error.status != HTTPStatus.NOT_FOUND or time.monotonic() > until:
                    raise
            time.sleep(LOOK)


def _dag(audit: Audit) -> str:
    return f"audit_{audit.name}"


def _progress(run: AuditRun | None) -> str:
    if run is None:
        return "waiting until it is planned"
    over, counts = sum(one.status is not None for one in run.batches), run.counts
    answers = f", {counts['answered']} of {counts['asked']} answers" if terminal.is_terminal else ""
    return f"{run.audit.name}: {over} of {counts['batches']} batches over{answers}"


def _print_ended(begun: _Begun, state: str, record: AuditRun | None, *, as_json: bool) -> None:
    """What came of it; raises `Failed` where that is nothing, or not all."""
    from completions.audit_finished import REPORT
    from completions.audit_runs import run_key

    if record is None or record.ended_at is None:
        raise Failed(f"the run ended as {state} and asked nothing, or not to the end: {begun.link} says why")
    report = begun.part.uri_of(run_key(record.audit.name, record.run, REPORT)) if record.summary else None
    if as_json:
        print_json({**row(record), "report": report})
    elif record.summary:
        print(f"{record.summary}\nreport:  {report}\npage:    {page_of(begun.link, f'audits/{record.audit.name}')}")
    if (why := _why(state, record)) is not None:
        raise Failed("" if as_json else f"{why}: {begun.link}")


def _why(state: str, record: AuditRun) -> str | None:
    """Why it is not as it should be; None where it is."""
    if record.refused:
        return record.refused
    if record.status == "failed":
        return "no batch of the run was answered"
    if state != "success" or record.summary is None:
        return "its batches were asked, and making its figures failed"
    return None
