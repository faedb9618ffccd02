"""The list of batches."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from completions.listing import page as page_of
from completions.status import status
from completions_airflow.connections import open_store
from completions_web.auth import READ, may_start
from completions_web.pages.shell import PREFIX, page

router = APIRouter(prefix=f"{PREFIX}/batches", include_in_schema=False)


@router.get("", dependencies=READ)
def batches(request: Request, cursor: str | None = None) -> Response:
    """Newest first."""
    store = open_store()
    found, following = page_of(store, lambda batch_id: status(store, batch_id), 50, cursor)
    return page(request, "batches.html", batches=found, following=following, may_start=may_start(request))
