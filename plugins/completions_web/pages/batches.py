"""The list of batches, newest first; those under way are kept up to date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, get_args
from uuid import uuid4

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from markupsafe import Markup
from starlette.responses import Response

from completions.batch import Model
from completions_airflow.connections import open_store
from completions_web.auth import READ, may_start
from completions_web.pages import flash, live
from completions_web.pages.batch_view import starter
from completions_web.pages.listed import PAGE, STATES, Row, Wanted, listed, newer, newest, row_of
from completions_web.pages.shell import PREFIX, TEMPLATES, page, root_of
from completions_web.pages.trigger import trigger_link
from completions_web.runs import Run, runs

router = APIRouter(prefix=f"{PREFIX}/batches", include_in_schema=False, dependencies=READ)

CELLS = ("now", "age", "buttons")
"""Cells of a row that may change: macros of `batches_row.html`; with the batch's id they are ids of elements."""
WATCHED = 25
"""So many batches under way are kept up to date."""

LONG = 8000
"""Characters of an address with what is looked for."""
Short = Annotated[str, Query(max_length=200)]


@router.get("")
async def batches(
    request: Request, state: Short = "", model: Short = "", audit: Short = "", q: Short = "", cursor: Short = ""
) -> Response:
    """A page of the list."""
    wanted = Wanted(state, model, audit, q)
    found = await run_in_threadpool(lambda: listed(open_store(), wanted, cursor or None))
    top = "" if wanted.some or cursor else await run_in_threadpool(lambda: newest(open_store()))
    known = await runs(request, [run_id for row in found.rows for run_id in row.run_ids])
    address = f"{root_of(request)}/batches"
    here = live.address(address, asdict(wanted) | {"cursor": cursor})
    shown = _Shown(request, here, top)
    answer = page(
        request,
        "batches.html",
        rows=found.rows,
        cells={row.batch_id: shown.cells(row) for row in found.rows},
        starters={row.batch_id: _starter(row, known) for row in found.rows},
        wanted=wanted,
        states=STATES,
        models=get_args(Model),
        looked=found.looked,
        newest=address if cursor else None,
        older=found.following and live.address(address, asdict(wanted) | {"cursor": found.following}),
        following=shown.following(found.rows),
        said=flash.said(request),
        may_start=shown.may_start,
        new_batch=trigger_link(request),
    )
    return flash.once(request, answer)


@router.get("/live")
async def renewed(
    request: Request,
    ids: Annotated[str, Query(max_length=65 * WATCHED)],
    seen: str = "",
    to: Annotated[str, Query(max_length=LONG)] = "",
    top: Short = "",
) -> Response:
    """The cells of these batches that changed, and how many batches are newer than `top`, the newest that was shown."""
    found = await run_in_threadpool(lambda: [row_of(open_store(), one) for one in ids.split(",")[:WATCHED]])
    shown = _Shown(request, to, top)
    rows = [row for row in found if row]
    parts, _ = live.renewed(*shown.parts(rows), seen)
    if top and (fresh := await run_in_threadpool(lambda: newer(open_store(), top))):
        parts["fresh"] = shown.fresh(fresh)
    return live.told(parts, shown.following(rows))


class _Shown:
    """How rows are drawn for one request."""

    def __init__(self, request: Request, here: str, top: str) -> None:
        self.may_start, self.here, self.top, self.key = may_start(request), here, top, uuid4()
        self.root = root_of(request)
        self.macros = TEMPLATES.get_template("batches_row.html").module

    def cells(self, row: Row) -> dict[str, Markup]:
        """The cells of a row that may change."""
        takes = {"buttons": (self.root, self.here, f"{self.key}-{row.batch_id}", self.may_start)}
        return {name: Markup(getattr(self.macros, name)(row, *takes.get(name, ()))) for name in CELLS}  # noqa: S704

    def fresh(self, count: int) -> str:
        """That there are newer batches."""
        return str(self.macros.fresh(self.here, f"{PAGE} or more" if count > PAGE else str(count)))  # type: ignore[attr-defined]

    def parts(self, rows: Sequence[Row]) -> tuple[list[str], dict[str, str]]:
        """The same of all rows, by the ids of their elements, and these ids in order."""
        cells = {f"{name}-{row.batch_id}": str(html) for row in rows for name, html in self.cells(row).items()}
        return list(cells), cells

    def following(self, rows: Sequence[Row]) -> str | None:
        """What to ask next: of those that are under way."""
        going = [row for row in rows if row.under_way][:WATCHED]
        if not going:
            return None
        _, seen = live.renewed(*self.parts(going))
        ids = ",".join(row.batch_id for row in going)
        return live.address(f"{self.root}/batches/live", {"ids": ids, "seen": seen, "to": self.here, "top": self.top})


def _starter(row: Row, known: Mapping[str, Run]) -> str:
    run = next((known[run_id] for run_id in row.run_ids if run_id in known), None)
    return starter(run, row.audit or None)
