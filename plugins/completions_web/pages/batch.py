"""The page of one batch, which is a tab of its run in Airflow too, and what keeps it up to date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.concurrency import run_in_threadpool
from markupsafe import Markup
from starlette.responses import Response

from completions_airflow.connections import open_store
from completions_web.auth import READ, may_start
from completions_web.pages import flash, live, waiting
from completions_web.pages.batch_files import name_of
from completions_web.pages.batch_view import Asked, View, see
from completions_web.pages.prompts import PAGE
from completions_web.pages.shell import PREFIX, TEMPLATES, airflow_of, page, root_of
from completions_web.pages.trigger import trigger_link
from completions_web.runs import DAG, Run, runs, tasks_at_work

router = APIRouter(prefix=f"{PREFIX}/batches/{{id}}", include_in_schema=False, dependencies=READ)

PARTS = ("state", "progress", "waits", "buttons", "facts", "pace", "why", "whence", "warnings", "telling", "made")
"""What may change while the page is open: each a macro of `batch_parts.html`, and an element of this id."""
SELDOM = {"waits", "facts", "pace"}
"""Those that take what Airflow tells, which costs more than all else, or change with every second ..."""
TURNS = 5
"""... are drawn anew at every so many looks."""

Show = Annotated[str, Query(max_length=40, pattern="^[a-z_]*$")]
Text = Annotated[str, Query(max_length=200)]
Number = Annotated[int, Query(ge=1, le=1000)]


@dataclass(frozen=True)
class Told:
    """What Airflow tells of the run of a batch."""

    run: Run | None = None
    tasks: Sequence[Run] = ()
    link: str | None = None
    """Where it shows the run."""


@router.get("")
async def batch(request: Request, id: str, show: Show = "", q: Text = "", page: Number = 1) -> Response:
    """One batch."""
    view = await run_in_threadpool(_view, id, Asked(show, q, page))
    return await shown(request, view)


@router.get("/live")
async def renewed(
    request: Request,
    id: str,
    show: Show = "",
    q: Text = "",
    page: Number = 1,
    seen: str = "",
    which: str = "",
    signs: str = "",
    was: str = "",
    turn: int = 0,
) -> Response:
    """What has changed since the page was drawn, or last asked."""
    view = await run_in_threadpool(_view, id, Asked(show, q, page))
    due = turn % TURNS == 0 or view.stage != was
    told = await _told(request, view) if due else None

    def drawn() -> Response:
        parts, now = live.renewed(PARTS, _parts(request, view, told), seen)
        return live.told(parts | _rows(request, view, which, signs), _next(request, view, now, turn + 1))

    return await run_in_threadpool(drawn)


async def shown(request: Request, view: View) -> Response:
    """The page of a batch."""
    told = await _told(request, view)

    def drawn() -> Response:
        parts = _parts(request, view, told)
        _, seen = live.renewed(PARTS, parts)
        address = _address(request, view)
        return page(
            request,
            "batch.html",
            view=view,
            parts={name: Markup(html) for name, html in parts.items()},  # noqa: S704 - drawn by our own templates
            prompts=Markup(_part("prompts", view, address)),  # noqa: S704
            following=_next(request, view, seen, 1),
            said=flash.said(request),
            may_start=may_start(request),
            new_batch=trigger_link(request, view.batch_id),
            key=uuid4(),
            to=live.address(address, view.asked.fields()),
        )

    return flash.once(request, await run_in_threadpool(drawn))


def _view(id: str, asked: Asked) -> View:
    view = see(open_store(), id, asked)
    if view is None:
        raise HTTPException(404, f"There is no batch {id}.")
    _ = view.run_ids, view.again_at  # read here, where reading holds up nobody
    return view


async def _told(request: Request, view: View) -> Told:
    known = await runs(request, view.run_ids)
    run = next((known[run_id] for run_id in view.run_ids if run_id in known), None)
    if run is None:
        return Told()
    working = view.under_way and run["state"] == "running"
    tasks = await tasks_at_work(request, run["dag_run_id"]) if working else ()
    return Told(run, tasks, f"{airflow_of(request)}/dags/{DAG}/runs/{run['dag_run_id']}")


def _parts(request: Request, view: View, told: Told | None) -> dict[str, str]:
    """Each part of the page; without what Airflow tells, those that are drawn seldom are left out."""
    names = [name for name in PARTS if told or name not in SELDOM]
    manifest, address = view.standing.manifest, _address(request, view)
    files = [name_of(file) for file in manifest.files] if manifest else []
    waits = waiting.reasons(view.standing, told.run, told.tasks, view.breakers) if told else []
    takes = {
        "waits": (view, told, waits),
        "facts": (view, told),
        "buttons": (view, may_start(request)),
        "why": (view, address),
        "made": (view, str(request.scope["root_path"]), address, files),
    }
    return {name: _part(name, *takes.get(name, (view,))) for name in names}


def _rows(request: Request, view: View, which: str, signs: str) -> dict[str, str]:
    """The prompts that look different from how they did, or the list of them where others belong in it."""
    address = _address(request, view)
    if which != view.which:
        return {"prompts": _part("prompts", view, address)}
    return {
        f"p{prompt.index}": _part("row", view, prompt, address)
        for prompt, old in zip(view.shown, signs.ljust(PAGE, "-"), strict=False)
        if prompt.sign != old
    }


def _next(request: Request, view: View, seen: str, turn: int) -> str | None:
    if not view.changes:
        return None
    now = {"seen": seen, "which": view.which, "signs": view.signs, "was": view.stage, "turn": turn}
    return live.address(f"{_address(request, view)}/live", view.asked.fields() | now)


def _address(request: Request, view: View) -> str:
    return f"{root_of(request)}/batches/{view.batch_id}"


def _part(name: str, *shown: object) -> str:
    return str(getattr(TEMPLATES.get_template("batch_parts.html").module, name)(*shown))
