"""The pages of recurring audits: which there are, and what one of them says over all its runs."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path as FilePath
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from markupsafe import Markup
from starlette.responses import Response

from completions.audit_finished import REPORT
from completions.audit_runs import (
    ORIGINS,
    AuditRun,
    audit_names,
    find_run,
    load_run,
    load_runs,
    run_key,
    run_names,
    so_far,
)
from completions.audits import Audit, files, load
from completions.errors import Refused, RefusedRequest
from completions.report.charts import CSS
from completions.report.making import of_run
from completions.report.page import over_time
from completions.settings import Settings
from completions.status import status
from completions.store import Origin, Store
from completions_airflow.connections import open_store
from completions_web.answers import apart
from completions_web.auth import READ, may_start
from completions_web.pages import flash, live
from completions_web.pages.audit_start import Name
from completions_web.pages.shell import HEADERS, PREFIX, TEMPLATES, airflow_of, page, root_of

router = APIRouter(prefix=f"{PREFIX}/audits", include_in_schema=False, dependencies=READ)

KEPT = 60.0
"""Seconds that charts are good for all who look."""
RUNS = 30
"""Runs that a page lists."""
MAKING = timedelta(minutes=10)
"""Figures that are not there this long after the end of a run are not looked for any more."""
LOOKS = 40
"""So often it is looked, every three seconds, whether a run that was asked for has begun."""
TOGETHER = 16
"""Audits whose runs are looked for at a time."""
GONE = "no file of this name"

Declared = tuple[Audit | None, str | None]
"""What an audit's file says, and what is wrong with it."""
NONE: Declared = None, GONE

Which = Annotated[Origin | None, Query()]
Looks = Annotated[int, Query(ge=0, le=LOOKS)]
_reading = threading.Lock()


@dataclass(frozen=True)
class Listed:
    """One audit of the list, as one origin has it."""

    name: str
    origin: Origin
    names: list[str]
    """Of its runs, in order of time."""
    last: AuditRun | None
    due: datetime | None
    wrong: str | None
    """What is wrong with its file; there may be none."""

    @property
    def going(self) -> bool:
        """Whether its last run is under way, or its figures are being made."""
        if self.last is None or self.last.ended_at is None:
            return self.last is not None
        made = self.last.refused or self.last.summary is not None
        return not made and datetime.now(UTC) - self.last.ended_at < MAKING


@router.get("")
def audits(request: Request) -> Response:
    """Every audit that has a file or had a run."""
    store, declared = open_store(), {file.stem: _read(file) for file in files(Settings.from_env().audits)}
    ran = {(name, origin) for origin in ORIGINS for name in audit_names(store.of(origin))}
    without = {(name, _origin(one)) for name, one in declared.items()} - ran

    def row(of: tuple[str, Origin]) -> Listed:
        return _listed(store, *of, declared.get(of[0], NONE))

    with ThreadPoolExecutor(TOGETHER, thread_name_prefix="audits") as pool:
        found = list(pool.map(row, sorted(ran | without)))
    return page(request, "audits.html", audits=found, gone=GONE, airflow=airflow_of(request))


@router.get("/charts.css")
def charts_css() -> Response:
    """The dress of the charts, which reports have too."""
    return Response(CSS, media_type="text/css", headers=HEADERS)


@router.get("/{name}")
def audit(request: Request, name: Name, origin: Which = None, looks: Looks = 0) -> Response:
    """One audit: when it is due, what changed, its charts, its last runs."""
    store, declared = open_store(), _declared(name)
    having = [one for one in ORIGINS if run_names(store.of(one), name)]
    of = origin or (having[0] if having and not declared[0] else _origin(declared))
    one = _listed(store, name, of, declared)
    if not one.names and one.wrong == GONE:
        raise HTTPException(HTTPStatus.NOT_FOUND, f"There is no audit {name}: it has neither a file nor a run.")
    told, drawn = flash.said(request), _runs(request, store, one)
    looks = LOOKS if told and not told.bad else looks
    answer = page(
        request,
        "audit.html",
        audit=one,
        gone=GONE,
        declared=declared[0],
        charts=_charts(store, one),
        others=[other for other in having if other != of],
        runs=Markup(drawn),  # noqa: S704 - drawn by our own templates
        following=_following(request, one, drawn, looks),
        said=told,
        may_start=one.wrong is None and may_start(request, f"audit_{name}"),
        airflow=airflow_of(request),
    )
    return flash.once(request, answer)


@router.get("/{name}/live")
def renewed(request: Request, name: Name, origin: Origin, was: str = "", going: str = "", looks: Looks = 0) -> Response:
    """How its runs stand, if that is not as it `was`; all of the page once the run `going` is over."""
    store = open_store()
    one = _listed(store, name, origin, NONE)
    if going and not (one.last and one.last.run == going and one.going):
        again = {"origin": origin, "looks": looks or None}
        return live.told({}, None, go=live.address(f"{root_of(request)}/audits/{name}", again))
    drawn = _runs(request, store, one)
    parts = {"runs": drawn} if live.digest(drawn) != was else {}
    return live.told(parts, _following(request, one, drawn, looks if one.going else looks - 1))


@router.get("/{name}/{run}/report")
def report(name: Name, run: str, origin: Which = None) -> Response:
    """The report of a run, to keep."""
    found = find_run(open_store(), name, run, origin)
    content = found[0].get(run_key(name, found[1].run, REPORT)) if found else None
    if content is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, f"The run {run} of {name} has no report: it is made when it is over.")
    return apart(content, "text/html", f"{name}-{run}.html")


def _listed(store: Store, name: str, origin: Origin, found: Declared) -> Listed:
    declared, wrong = found
    due = declared.next_runs(datetime.now(UTC), 1) if declared and declared.origin == origin else []
    part = store.of(origin)
    names = run_names(part, name)
    last = load_run(part, name, names[-1]) if names else None
    if last and last.status == "running":
        last = so_far(last, lambda batch_id: status(store, batch_id))
    return Listed(name, origin, names, last, due[0] if due else None, wrong)


def _runs(request: Request, store: Store, one: Listed) -> str:
    """The table of its last runs."""
    runs = list(load_runs(store.of(one.origin), one.name, one.names[-RUNS:]))[::-1]
    if runs and one.last and runs[0].run == one.last.run:
        runs[0] = one.last
    drawn: str = TEMPLATES.get_template("audit_runs.html").module.table(root_of(request), one, runs)  # type: ignore[attr-defined]
    return str(drawn)


def _following(request: Request, one: Listed, drawn: str, looks: int) -> str | None:
    """What to ask next: of a run that is under way, and `looks` times of one that was asked for."""
    if not one.going and looks <= 0:
        return None
    going = one.last.run if one.going and one.last else None
    asked = {"origin": one.origin, "was": live.digest(drawn), "going": going, "looks": looks or None}
    return live.address(f"{root_of(request)}/audits/{one.name}/live", asked)


def _declared(name: str) -> Declared:
    file = next((file for file in files(Settings.from_env().audits) if file.stem == name), None)
    audit, wrong = _read(file) if file else NONE
    try:
        if audit:
            audit.check()
    except RefusedRequest as refused:
        return audit, f"A run would be refused: {refused}"
    return audit, wrong


def _read(file: FilePath) -> Declared:
    try:
        return load(file), None
    except RefusedRequest as refused:
        return None, str(refused)


def _origin(found: Declared) -> Origin:
    return found[0].origin if found[0] else "live"


def _charts(store: Store, one: Listed) -> Markup | None:
    """What the audit's marts say; None where it has none yet."""
    last = f"{one.last.run} {one.last.ended_at} {one.last.summary is None}" if one.last else ""
    with _reading:
        return _drawn(store.uri, one.name, one.origin, last, int(time.monotonic() / KEPT))


@lru_cache(maxsize=16)
def _drawn(of: str, name: str, origin: Origin, last: str, minute: int) -> Markup | None:
    """The charts, drawn anew when the last run is another or has ended, and in another minute; `of` is the store."""
    try:
        return over_time(of_run(open_store(), name, origin=origin).history)
    except Refused:
        return None
