"""The tab of a run in Airflow: the page of its batch, or why there is none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse
from markupsafe import Markup
from starlette.responses import Response

from completions.batch import batch_id_of
from completions.plan import find_batch
from completions_airflow.connections import open_store
from completions_web.auth import READ
from completions_web.pages import live, waiting
from completions_web.pages.shell import PREFIX, page, root_of
from completions_web.runs import DAG, Run, refused, run_of

router = APIRouter(prefix=f"{PREFIX}/runs/{{run_id:path}}", include_in_schema=False, dependencies=READ)

_NAMED = re.compile(r"(?:api|cli|audit|retry)__([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:__.*)?")

REFUSED = "The request was refused, and nothing was asked. Mend what follows and start it again:"


def batch_in(run_id: str, run: Run | None) -> str:
    """The batch of a run of the DAG: by the run's name or conf, else the id that follows from its name."""
    if named := _NAMED.fullmatch(run_id):
        return named[1]
    return str(((run and run.get("conf")) or {}).get("batch_id") or batch_id_of(run_id))


@router.get("")
async def tab(request: Request, run_id: str, dag: str = DAG, look: bool = False) -> Response:
    """To the page of the run's batch; until there is one, how far the run is. With `look`, whether it is there now."""
    run = await run_of(request, run_id) if dag == DAG else None
    batch_id = batch_in(run_id, run)
    there = dag == DAG and await run_in_threadpool(lambda: find_batch(open_store(), batch_id) is not None)
    page_of = f"{root_of(request)}/batches/{batch_id}"
    over = run is None or waiting.over(run)
    again = None if over else f"{root_of(request)}/runs/{quote(run_id, safe='')}?look=1"
    if there and not look:
        return RedirectResponse(page_of, HTTPStatus.SEE_OTHER)
    why = await refused(request, run_id) if run and over and not there else []
    waits = _waits(REFUSED if why else waiting.not_planned(run), why) if dag == DAG else ""
    if look:
        return live.told({"waits": waits}, again, page_of if there else None)
    return page(request, "run.html", dag=dag, waits=waits, again=again)


def _waits(said: str, why: Sequence[str]) -> Markup:
    """What the tab says while there is no batch, and why there will be none."""
    reasons = Markup("").join(Markup("<li>{}</li>").format(one) for one in why)
    return Markup('<div id="waits"><p>{}</p><ul dir="auto">{}</ul></div>').format(said, reasons)
