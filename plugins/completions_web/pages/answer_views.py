"""What each tab of an answer's page shows."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import HTTPException
from langcodes import Language

from completions.answer import Answer
from completions.archive import structured
from completions.plan import Plan
from completions.record import Record
from completions_web.pages import answer_elsewhere as elsewhere
from completions_web.pages.answer_files import FILES, PARTS, kept_of
from completions_web.pages.answer_found import Found
from completions_web.pages.answer_markdown import rendered
from completions_web.pages.answer_profile import METHODS, lines

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


def tabs(record: Record) -> list[Tab]:
    """All of them, in order."""
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


VIEWS: Mapping[str, Callable[[Found, Record, Plan, str], dict[str, Any]]] = {
    "answer": _answer,
    "page": _page,
    "stream": _stream,
    "screenshot": lambda *_: {},
    "json": _json,
    "elsewhere": _elsewhere,
}
"""What each tab shows, by its name: of an answer, its record and plan, and the part of the page that is wanted."""
