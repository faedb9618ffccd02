"""Batches: one is taken, how they stand, one is cancelled, one is asked again where it failed."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Header, HTTPException, Query, Request
from fastapi.concurrency import run_in_threadpool

from completions import cancelling, once, retrying
from completions.batch import BatchConfig
from completions.health import refuse_unhealthy
from completions.listing import page
from completions.plan import find_batch, submit, withdraw
from completions.request import accept
from completions.settings import Settings
from completions.status import Body, status
from completions_airflow.connections import exits, open_store, sqs_endpoint
from completions_web.auth import READ, START, USER
from completions_web.bodies import read_json
from completions_web.runs import is_active, start_run
from completions_web.shapes import Page, Retried, Status, Submitted, errors, request_body

ENDED = ("successful", "failed")

router = APIRouter(prefix="/batches", tags=["Batches"])

Id = Annotated[UUID, Query(description="The batch.")]
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[!-~]+$",
        description="Yours to choose, such as a UUID. For a day, the same key and request are the same batch.",
    ),
]


@router.post(
    "",
    status_code=HTTPStatus.ACCEPTED,
    dependencies=START,
    openapi_extra=request_body(),
    responses=errors(400, 409, 413, 415),
)
async def submit_batch(request: Request, key: Key = None) -> Submitted:
    """Take a batch and start its run."""
    config = await run_in_threadpool(accepted, await read_json(request))
    batch_id = await (_submitted(request, config) if key is None else submit_once(request, config, key))
    return Submitted(id=UUID(batch_id), count=config.count)


@router.get("", dependencies=READ, response_model=Status, responses=errors(404))
def batch_status(request: Request, id: Id) -> Body:
    """How a batch stands."""
    body = status(open_store(), str(id), link=partial(archive_link, request))
    if body is None:
        raise no_batch(id)
    return body


@router.get("/list", dependencies=READ, response_model=Page, responses=errors())
def list_batches(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=100, description="At most so many.")] = 20,
    cursor: Annotated[str | None, Query(description="`next_cursor` of the page before.")] = None,
) -> dict[str, Any]:
    """Batches, newest first."""
    store = open_store()
    found, following = page(store, partial(status, store, link=partial(archive_link, request)), limit, cursor)
    return {"batches": found, "next_cursor": following}


@router.delete("", dependencies=START, response_model=Status, responses=errors(404, 409))
def cancel_batch(request: Request, id: Id) -> Body:
    """Ask nothing more of a batch: what was answered is collected, the rest is cancelled."""
    store = open_store()
    before = status(store, str(id))
    if before is None:
        raise no_batch(id)
    if not (before["status"] in ENDED and before["cancelled"]):  # said again, it is no error
        try:
            cancelling.cancel_batch(store, str(id), datetime.now(UTC))
        except cancelling.Over as over:
            raise HTTPException(HTTPStatus.CONFLICT, f"{over}.") from None
    return status(store, str(id), link=partial(archive_link, request)) or before


@router.post("/retry", status_code=HTTPStatus.ACCEPTED, dependencies=START, responses=errors(404, 409))
async def retry_batch(request: Request, id: Id) -> Retried:
    """Ask again what failed: the same batch, its next generation. Until that is there, the one before stands."""
    last = await run_in_threadpool(_last_run, id)
    if last and await is_active(request, last):
        raise HTTPException(HTTPStatus.CONFLICT, f"The run {last} of batch {id} has not ended: retry it when it has.")
    run_id = await run_in_threadpool(_retried, id)
    await start_run(request, run_id, {"batch_id": str(id)}, once=True)
    return Retried(id=id, run_id=run_id)


def archive_link(request: Request, batch_id: str) -> str:
    """Where this API serves the archive of a batch."""
    path = f"{request.scope['root_path']}/batches/archive"
    return str(request.url.replace(path=path, query=f"id={batch_id}"))


def no_batch(id: UUID | str) -> HTTPException:
    """The answer where there is none."""
    return HTTPException(HTTPStatus.NOT_FOUND, f"There is no batch {id}.")


def _last_run(id: UUID) -> str | None:
    store = open_store()
    if find_batch(store, str(id)) is None:
        raise no_batch(id)
    return retrying.last_run(store, str(id))


def _retried(id: UUID) -> str:
    try:
        return retrying.retry(open_store(), str(id))
    except (retrying.UnderWay, retrying.NothingFailed) as refused:
        raise HTTPException(HTTPStatus.CONFLICT, f"{refused}.") from None


def accepted(fields: Any) -> BatchConfig:
    """The request in `fields`, or `RefusedRequest`."""
    config, _ = accept(fields, Settings.from_env(), sqs_endpoint=sqs_endpoint(), exits=exits())
    refuse_unhealthy(open_store(), config)
    return config


async def submit_once(request: Request, config: BatchConfig, key: str) -> str:
    """The id of the batch that `key` of this user stands for, which runs from now on if it did not."""
    batch_id = await run_in_threadpool(_claimed, request.scope[USER].get_id(), key, config)
    # Whoever has the key does all of it, so that each answer is true, and a batch that got stuck half way goes on.
    await start_run(request, f"api__{batch_id}", {"batch_id": batch_id}, once=True)
    return batch_id


async def _submitted(request: Request, config: BatchConfig) -> str:
    """The id of a new batch whose run is started; nothing is left where Airflow doesn't take it."""
    store, batch_id, now = await run_in_threadpool(open_store), str(uuid4()), datetime.now(UTC)
    await run_in_threadpool(submit, store, batch_id, config, now)
    try:
        await start_run(request, f"api__{batch_id}", {"batch_id": batch_id})
    except BaseException:
        await run_in_threadpool(withdraw, store, batch_id, config, now)
        raise
    return batch_id


def _claimed(user: str, key: str, config: BatchConfig) -> str:
    store, now = open_store(), datetime.now(UTC)
    try:
        batch_id = once.claim(store, user, key, config, now)
    except once.OtherRequest:
        said = "That Idempotency-Key was used for another request: take a new key, or send the same request."
        raise HTTPException(HTTPStatus.CONFLICT, said) from None
    submit(store, batch_id, config)
    return batch_id
