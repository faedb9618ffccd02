"""What came of a batch: its archive, and single answers.

What a site showed may hold anything: a page goes out as a file to keep, never as one of this server's own.
"""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import FileResponse, RedirectResponse, Response
from pydantic_core import to_json
from starlette.datastructures import Headers
from starlette.responses import MalformedRangeHeader, RangeNotSatisfiable

from completions.archive import structured
from completions.errors import Refused
from completions.manifest import load_manifest
from completions.plan import Plan, find_batch, load_plan
from completions.record import Record, answer_key
from completions.status import status
from completions.store import Store
from completions_airflow.connections import open_store
from completions_web.auth import READ
from completions_web.batches import Id, no_batch
from completions_web.problems import problem
from completions_web.shapes import Status, errors

router = APIRouter(tags=["Answers"])

LINK_LIFE = timedelta(hours=1)
"""How long a link to a bucket works that the archive's route gives."""
APART = {"Content-Security-Policy": "sandbox", "X-Content-Type-Options": "nosniff"}
FIELDS = (
    *("model", "query", "html", "prompt", "completion", "sources", "ads", "sse", "fanouts"),
    *("device", "country", "subdivision", "city", "language", "display"),
    *("index", "sample", "answer_id", "outcome", "error_message", "answer"),
)
ZIP = {"application/zip": {"schema": {"type": "string", "format": "binary"}}}
ANSWER = {
    "application/json": {
        "schema": {"type": "object", "properties": {name: {} for name in FIELDS}},
        "example": {"model": "gemini", "query": "Who makes good amps?", "outcome": "answered"},
    },
    "text/html": {"schema": {"type": "string"}},
    "text/plain": {"schema": {"type": "string"}},
}


@router.head(
    "/batches/archive",
    dependencies=READ,
    response_class=Response,
    responses={200: {"description": "It is there.", "content": ZIP}, **errors(404, 416)},
)
@router.get(
    "/batches/archive",
    dependencies=READ,
    response_class=Response,
    responses={
        200: {"description": "The archive.", "content": ZIP},
        206: {"description": "The part of it that `Range` names; `If-Range` is understood.", "content": ZIP},
        307: {"description": "Where a bucket serves it for an hour, to whoever has the link."},
        **errors(404, 416),
    },
)
def batch_archive(id: Id) -> Response:
    """The archive of a batch that is done: manifest, answers, and the pages or streams its format asks for."""
    found = find_batch(open_store(), str(id))
    manifest = load_manifest(found[0], str(id)) if found else None
    if found is None:
        raise no_batch(id)
    if manifest is None or manifest.archive is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, f"Batch {id} has no archive yet: it is written when it is done.")
    part, key = found[0], manifest.archive.key
    if link := part.presigned(key, LINK_LIFE):
        return RedirectResponse(link)
    file, name = Path(part.uri, key), f"{id}-g{manifest.generation}.zip"
    return _Archive(file, media_type="application/zip", filename=name, stat_result=file.stat())


class _Archive(FileResponse):
    """A file with ranges: one beyond it is answered with a problem, one that is none passed over (RFC 9110 §14.2)."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve it."""
        assert self.stat_result
        given, size = Headers(scope=scope), self.stat_result.st_size
        asked, only_if = given.get("range", ""), given.get("if-range")
        try:
            if only_if is None or self._should_use_range(only_if):
                self._parse_range_header(asked, size)
        except RangeNotSatisfiable:
            told = problem(416, f"The archive has {size} bytes.", headers={"Content-Range": f"bytes */{size}"})
            await told(scope, receive, send)
            return
        except MalformedRangeHeader:
            scope = {**scope, "headers": [header for header in scope["headers"] if header[0] != b"range"]}
        await super().__call__(scope, receive, send)


@router.get(
    "/completions",
    dependencies=READ,
    response_class=Response,
    responses={
        200: {
            "description": "The answer in the format of its batch: structured, the page, or the stream. Where there is "
            "none, or with `fields`, structured; `outcome` says how it ended.",
            "content": ANSWER,
        },
        202: {"description": "It is not there yet; the batch's status.", "model": Status},
        **errors(404),
    },
)
def completion(
    request: Request,
    id: Id,
    index: Annotated[int, Query(ge=0, le=999, description="Which prompt, from 0.")],
    sample: Annotated[int, Query(ge=0, le=29, description="Which sample of it, from 0.")] = 0,
    fields: Annotated[
        str | None, Query(description="Names of fields, with commas between: only these.", examples=["query,answer"])
    ] = None,
) -> Response:
    """One answer of a batch, once it is there."""
    wanted = _fields(fields)
    store = open_store()
    found = find_batch(store, str(id))
    if found is None:
        raise no_batch(id)
    plan = load_plan(found[0], str(id))
    one = only(plan, index, sample) if plan else None
    record = record_of(store, found[0], one) if one else None
    if one is None or record is None:
        body = status(store, str(id))
        return Response(to_json(body), HTTPStatus.ACCEPTED, media_type="application/json")
    if wanted is None and record.outcome.succeeded:
        kept, name = record.artifacts, f"{index:04d}-{sample}"
        if one.config.format == "rendered" and kept.page_html is not None:
            return apart(kept.page_html.encode(), "text/html", f"{name}.html")
        if one.config.format == "raw" and kept.raw_stream is not None:
            return apart(kept.raw_stream, "text/plain", f"{name}.txt")
    answer = structured(one, one.items[0], record)
    picked = answer if wanted is None else {name: value for name, value in answer.items() if name in wanted}
    return Response(to_json(picked), media_type="application/json", headers=APART)


def _fields(text: str | None) -> frozenset[str] | None:
    if text is None:
        return None
    names = [name.strip() for name in text.split(",")]
    unknown = [name for name in names if name not in FIELDS]
    if unknown:
        raise Refused("fields", text, f"has no {unknown[0][:60]!r}; give some of {', '.join(FIELDS)}")
    return frozenset(names)


def only(plan: Plan, index: int, sample: int) -> Plan:
    """The plan with nothing but this one."""
    for item in plan.items:
        if (item.index, item.sample) == (index, sample):
            return plan.model_copy(update={"items": [item]})
    last = plan.items[-1]
    said = f"Batch {plan.batch_id} has the prompts 0 to {last.index} and the samples 0 to {last.sample}."
    raise HTTPException(HTTPStatus.NOT_FOUND, said)


def record_of(store: Store, part: Store, one: Plan) -> Record | None:
    """What came of it; None while it is still to be asked."""
    from completions.collect import records

    [(item, record)] = records(part, one)
    asked = item.index if item.duplicate_of is None else item.duplicate_of
    standing = part.size(answer_key(one.batch_id, asked, item.sample)) is not None
    if record.outcome.succeeded or (standing and record.generation == one.asked_in):
        return record
    body = status(store, one.batch_id)
    return record if body and body["status"] in ("successful", "failed") else None


def apart(content: bytes, kind: str, name: str) -> Response:
    """A file to keep, never one of this server's pages."""
    headers = {**APART, "Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=kind, headers=headers)
