"""The buttons of a batch: cancel, retry what failed, ask the same again as a new batch."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response

from completions.batch import BatchConfig
from completions.errors import Refused, RefusedRequest
from completions.plan import load_request
from completions_airflow.connections import open_store
from completions_web import batches
from completions_web.auth import START
from completions_web.pages.flash import back
from completions_web.pages.shell import PREFIX, root_of
from completions_web.pages.trigger import remembered

router = APIRouter(prefix=f"{PREFIX}/batches/{{id}}", include_in_schema=False, dependencies=START)

Back = Annotated[str, Form(max_length=8000)]
"""Path of the page to come back to."""

CANCELLED = "It is being cancelled."
RETRIED = "What failed is being asked again."
RESUBMITTED = "The same is being asked as a new batch, this one."


@router.post("/cancel")
async def cancel(request: Request, id: UUID, to: Back = "") -> Response:
    """Ask nothing more of it."""
    return await _done(request, id, to, run_in_threadpool(batches.cancel_batch, request, id), CANCELLED)


@router.post("/retry")
async def retry(request: Request, id: UUID, to: Back = "") -> Response:
    """Ask again what failed."""
    return await _done(request, id, to, batches.retry_batch(request, id), RETRIED)


@router.post("/resubmit")
async def resubmit(
    request: Request, id: UUID, key: Annotated[str, Form(min_length=1, max_length=255)], to: Back = ""
) -> Response:
    """Ask the same as a new batch; `key` is made with each page, so that a button pressed twice makes one."""
    try:
        config = await run_in_threadpool(_again, id)
        batch_id = await batches.submit_once(request, config, key)
    except (HTTPException, Refused, RefusedRequest) as refused:
        return _refused(request, id, to, refused)
    return back(request, f"{root_of(request)}/batches/{batch_id}", RESUBMITTED)


def _again(id: UUID) -> BatchConfig:
    asked = load_request(open_store(), str(id))
    fields = asked.model_dump(mode="json", exclude={"audit"})
    return batches.accepted(fields | {"prompts": remembered(asked.prompts)})


async def _done(request: Request, id: UUID, to: str, doing: Awaitable[object], text: str) -> Response:
    try:
        await doing
    except (HTTPException, Refused) as refused:
        return _refused(request, id, to, refused)
    return back(request, _page(request, id, to), text)


def _refused(request: Request, id: UUID, to: str, refused: Exception) -> Response:
    text = refused.detail if isinstance(refused, HTTPException) else str(refused)
    return back(request, _page(request, id, to), text, bad=True)


def _page(request: Request, id: UUID, to: str) -> str:
    """One of our own, whatever was sent."""
    ours = f"{root_of(request)}/batches"
    return to if to.startswith((f"{ours}/", f"{ours}?")) or to == ours else f"{ours}/{id}"
