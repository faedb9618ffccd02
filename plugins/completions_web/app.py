"""The HTTP API: a batch goes in, its status comes out.

Callers are Airflow's users, by bearer token or by the cookie of its UI; what they may do here is what they may do with
runs of the DAG.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any, NoReturn
from uuid import UUID, uuid4

from fastapi import FastAPI, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel

from completions.batch import BatchConfig
from completions.health import refuse_unhealthy
from completions.plan import submit
from completions.record import batch_key
from completions.request import accept
from completions.settings import Settings
from completions.status import status
from completions_airflow.connections import exits, open_store, sqs_endpoint
from completions_web.auth import READ, START, Gate
from completions_web.problems import tell_problems
from completions_web.runs import start_run

MAX_BODY = 32 * 1024 * 1024
"""Bytes. The largest request there is, 1000 prompts of 2047 characters that are all escaped, has 25 million."""

app = FastAPI(title="Batch completions", openapi_url=None, docs_url=None, redoc_url=None)
app.mount("/static", StaticFiles(packages=[("fastapi_offline", "static")]))  # no page here asks another host
tell_problems(app)
app.add_middleware(Gate)


class Submitted(BaseModel):
    """A batch that was taken."""

    id: UUID
    count: int


def _request_schema() -> dict[str, Any]:
    schema = BatchConfig.model_json_schema()
    del schema["$defs"], schema["properties"]["_audit"]  # set by the project only
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


@app.post("/batches", status_code=HTTPStatus.ACCEPTED, dependencies=START, openapi_extra=_request_schema())
async def submit_batch(request: Request) -> Submitted:
    """Take a batch and start its run."""
    config = await run_in_threadpool(_accepted, await _body(request))
    batch_id = str(uuid4())
    await run_in_threadpool(_put, batch_id, config)
    try:
        await start_run(request, batch_id)
    except BaseException:
        await run_in_threadpool(_withdraw, batch_id, config)
        raise
    return Submitted(id=UUID(batch_id), count=config.count)


@app.get("/batches", dependencies=READ)
def batch_status(id: UUID) -> dict[str, Any]:
    """How a batch stands."""
    body = status(open_store(), str(id))
    if body is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, f"There is no batch {id}.")
    return body


@app.get("/openapi.json", dependencies=READ, include_in_schema=False)
def openapi(request: Request) -> dict[str, Any]:
    """This API as OpenAPI 3.1."""
    return {**app.openapi(), "servers": [{"url": request.scope["root_path"]}]}


@app.get("/docs", dependencies=READ, include_in_schema=False)
def docs() -> HTMLResponse:
    """The same for people."""
    return get_swagger_ui_html(
        openapi_url="openapi.json",
        title=app.title,
        swagger_js_url="static/swagger-ui-bundle.js",
        swagger_css_url="static/swagger-ui.css",
        swagger_favicon_url="static/favicon.png",
    )


async def _body(request: Request) -> bytes:
    # The media type makes a browser ask first, so that no other site can submit a batch with the visitor's cookie.
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send the request with Content-Type: application/json.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"Send at most {MAX_BODY} bytes.")
    return bytes(body)


def _accepted(body: bytes) -> BatchConfig:
    try:
        fields = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise HTTPException(HTTPStatus.BAD_REQUEST, f"The body is not JSON: {error}.") from None
    config, _ = accept(fields, Settings.from_env(), sqs_endpoint=sqs_endpoint(), exits=exits())
    refuse_unhealthy(open_store(), config)
    return config


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON value")


def _put(batch_id: str, config: BatchConfig) -> None:
    submit(open_store(), batch_id, config)


def _withdraw(batch_id: str, config: BatchConfig) -> None:
    open_store().of(config.origin).delete([batch_key(batch_id, "request.json")])
