"""One answer: what was asked, what the site showed, who it was shown to, and all that was kept of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import JSONResponse
from langcodes import Language
from starlette.responses import Response

from completions.answer import Answer
from completions.archive import structured
from completions.links import is_web
from completions.plan import Plan
from completions.record import Record
from completions.status import status
from completions_web.auth import READ, may_start
from completions_web.pages import answer_elsewhere as elsewhere
from completions_web.pages.answer_files import FILES, PARTS, kept_of
from completions_web.pages.answer_found import Found, Index, Sample, find
from completions_web.pages.answer_markdown import OUT, rendered
from completions_web.pages.answer_profile import METHODS, SEEN_BY, lines
from completions_web.pages.shell import PREFIX, drawn, page
from completions_web.pages.trigger import trigger_link

router = APIRouter(prefix=f"{PREFIX}/batches/{{id}}/answers/{{index}}/{{sample}}", include_in_schema=False)

STREAM_SHOWN = 100_000
"""Bytes of the raw stream on the page; the file has the rest."""
JSON_SHOWN = 200_000
"""Characters of the JSON on the page."""
HEAVY = ("html", "prompt", "completion", "sources", "ads", "sse")
"""Fields that the JSON on the page is without: they have tabs of their own."""
LISTS = {
    "citations": "citations",
    "sources": "sources",
    "fan_out_queries": "searches of its own",
    "follow_up_questions": "follow-up questions",
    "products": "products",
    "places": "places",
    "images": "pictures",
    "ads": "ads",
    "entities": "marked names",
}
"""What an answer may have beside its words: the column, and what it is in words."""


@dataclass(frozen=True)
class Tab:
    """A view of the answer."""

    name: str
    title: str
    there: bool


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
    tabs = _tabs(found.record)
    if tab not in {one.name for one in tabs}:
        raise HTTPException(HTTPStatus.NOT_FOUND, f"An answer has no tab {tab[:60]!r}.")
    view = _VIEWS[tab](found, found.record, found.plan, part)
    return shown | {"tab": tab, "tabs": tabs, "item": found.plan.items[0], "plan": found.plan} | view


def _waiting(found: Found) -> dict[str, Any]:
    body = status(found.store, found.batch_id) or {}
    settled = body.get("successful", 0) + body.get("failed", 0)
    return {"batch": body, "settled": settled, "person": elsewhere.person_of(found.config)}


def _tabs(record: Record) -> list[Tab]:
    kept = record.artifacts
    return [
        Tab("answer", "Answer" if record.answer else "What happened", there=True),
        Tab("page", "Page as captured", kept.page_html is not None or kept.page_copy is not None),
        Tab("stream", "Raw stream", kept.raw_stream is not None),
        Tab("screenshot", "Screenshot", kept.screenshot is not None),
        Tab("json", "JSON", there=True),
        Tab("elsewhere", "Same prompt elsewhere", there=True),
    ]


def _answer(found: Found, record: Record, plan: Plan, _: str) -> dict[str, Any]:
    html, marked = rendered(record.answer) if record.answer else ("", set())
    language = record.answer.language() if record.answer else None
    return {
        "html": html,
        "marked": marked,
        "spoken": Language.get(language).display_name() if language else None,
        "lists": _lists(record.answer),
        "profile": lines(found.config, plan.profile, record),
        "method": METHODS.get(record.location_method or ""),
        "seen_by": SEEN_BY,
        "original": elsewhere.original(found) if record.from_cache else None,
        "newest": elsewhere.NEWEST,
        "kept": record.artifacts,
    }


def _lists(answer: Answer | None) -> dict[str, list[str]]:
    """In words, what the site does not show, and what it shows but had none of this time."""
    if answer is None:
        return {"unknown": [], "none": []}
    values = {words: getattr(answer, column) for column, words in LISTS.items()}
    return {
        "unknown": [words for words, value in values.items() if value is None],
        "none": [words for words, value in values.items() if value == []],
    }


def _page(found: Found, record: Record, plan: Plan, part: str) -> dict[str, Any]:
    there = {name: title for name, (title, _) in PARTS.items() if kept_of(record, PARTS, name) is not None}
    if part and part not in there:
        raise HTTPException(HTTPStatus.NOT_FOUND, f"No part {part[:60]!r} of the page was kept.")
    return {"parts": there, "part": part or next(iter(there), None), "files": _files(record), "met": record.met}


def _stream(found: Found, record: Record, plan: Plan, _: str) -> dict[str, Any]:
    stream = record.artifacts.raw_stream or b""
    return {
        "stream": stream[:STREAM_SHOWN].decode("utf-8", "replace"),
        "kind": record.artifacts.raw_stream_kind,
        "size": len(stream),
        "cut": max(0, len(stream) - STREAM_SHOWN),
    }


def _screenshot(found: Found, record: Record, plan: Plan, _: str) -> dict[str, Any]:
    return {}


def _json(found: Found, record: Record, plan: Plan, _: str) -> dict[str, Any]:
    told = structured(plan, plan.items[0], record)
    light = {name: value for name, value in told.items() if name not in HEAVY}
    own = record.model_dump(mode="json", exclude={"answer", "artifacts", "prompt", "answer_id", "outcome"})
    text = json.dumps(light | {"conversation": own}, ensure_ascii=False, indent=2)
    return {"text": text[:JSON_SHOWN], "cut": max(0, len(text) - JSON_SHOWN), "heavy": HEAVY}


def _elsewhere(found: Found, record: Record, plan: Plan, _: str) -> dict[str, Any]:
    siblings, earlier = elsewhere.siblings(found), elsewhere.earlier(found)
    told = {other.path for other in (*siblings, *earlier)}
    others = [other for other in elsewhere.newest(found) if other.path not in told]
    looked_at = elsewhere.glimpses(found, [*siblings, *earlier, *others])
    shown = {"siblings": siblings, "earlier": earlier, "others": others}
    return {**shown, "newest": elsewhere.NEWEST, "glimpses": looked_at}


def _files(record: Record) -> list[str]:
    return [name for name in FILES if kept_of(record, FILES, name) is not None]


_VIEWS: Mapping[str, Callable[[Found, Record, Plan, str], dict[str, Any]]] = {
    "answer": _answer,
    "page": _page,
    "stream": _stream,
    "screenshot": _screenshot,
    "json": _json,
    "elsewhere": _elsewhere,
}
