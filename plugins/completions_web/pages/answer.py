"""The page of one answer: what was asked, what the site showed, who it was shown to, and all that was kept of it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import JSONResponse
from starlette.responses import Response

from completions.links import is_web
from completions.status import status
from completions_web.auth import READ, may_start
from completions_web.pages.answer_elsewhere import person_of
from completions_web.pages.answer_found import Found, Index, Sample, find
from completions_web.pages.answer_markdown import OUT
from completions_web.pages.answer_views import VIEWS, tabs
from completions_web.pages.shell import PREFIX, drawn, page
from completions_web.pages.trigger import trigger_link

router = APIRouter(prefix=f"{PREFIX}/batches/{{id}}/answers/{{index}}/{{sample}}", include_in_schema=False)


@router.get("", dependencies=READ)
def answer(request: Request, id: str, index: Index, sample: Sample, tab: str = "answer", part: str = "") -> Response:
    """The page; of an answer that is not there yet, how its batch stands until it comes."""
    found = find(id, index, sample)
    again = trigger_link(request, found.batch_id, prompts=[found.prompt])
    return page(request, "answer.html", again=again, may_start=may_start(request), **_shown(found, tab, part))


@router.get("/live", dependencies=READ)
def live(request: Request, id: str, index: Index, sample: Sample, settled: int = -1) -> Response:
    """What has changed since `settled` answers of the batch were there."""
    found = find(id, index, sample)
    shown = _shown(found, "answer", "")
    if found.record:
        return JSONResponse({"parts": {"answer": drawn(request, "answer_body.html", **shown)}, "next": None})
    now = shown["settled"]
    parts = {} if now == settled else {"waiting": drawn(request, "answer_waiting.html", **shown)}
    return JSONResponse({"parts": parts, "next": f"{request.url.path}?settled={now}"})


def _shown(found: Found, tab: str, part: str) -> dict[str, Any]:
    shown = {
        "one": found,
        "config": found.config,
        "prompts": len(found.config.prompts),
        "record": found.record,
        "is_web": is_web,
        "out": " ".join(f'{name}="{value}"' for name, value in OUT.items()),
    }
    if found.record is None or found.plan is None:
        return shown | _waiting(found)
    if tab not in VIEWS:
        raise HTTPException(HTTPStatus.NOT_FOUND, f"An answer has no tab {tab[:60]!r}.")
    view = VIEWS[tab](found, found.record, found.plan, part)
    return shown | {"tab": tab, "tabs": tabs(found.record), "item": found.plan.items[0], "plan": found.plan} | view


def _waiting(found: Found) -> dict[str, Any]:
    body = status(found.store, found.batch_id) or {}
    settled = body.get("successful", 0) + body.get("failed", 0)
    return {"batch": body, "settled": settled, "person": person_of(found.config)}
