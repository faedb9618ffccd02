"""`POST /rest/sse/perplexity_ask`: a prompt as JSON in, the events of its answer out."""

from __future__ import annotations

import re
from types import ModuleType
from typing import Any
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from completions.rehearsal.book import Asking, Book
from completions.rehearsal.draft import Draft, subject_of
from completions.rehearsal.pace import streamed
from completions.rehearsal.perplexity import prose, workflow
from completions.rehearsal.perplexity.home import visit_of
from completions.rehearsal.perplexity.refusals import failure, left, offer
from completions.rehearsal.perplexity.thread import END, Thread
from completions.rehearsal.walls import interruption

_FRONT_ENDS: dict[str, ModuleType] = {"prose": prose, "workflow": workflow}


async def ask(request: Request) -> Response:
    """Answer a prompt, or do what its fault says."""
    book: Book = request.app.state.book
    asked: dict[str, Any] = await request.json()
    visit, params = visit_of(request), asked["params"]
    asking = book.ask(asked["query_str"], visit.ui, params.get("timezone"), request.headers, "perplexity")
    if asking.fault == "blocked":
        return PlainTextResponse("Forbidden", 403)
    if refusal := interruption(asking.fault, visit):
        return refusal
    thread = _thread(
        book.draft(asking),
        asking,
        params.get("language") or "en-US",
        request.headers.get("x-request-id") or str(uuid4()),
    )
    front_end = _FRONT_ENDS[asking.ui]
    return streamed(front_end.head(thread), _body(thread, front_end, asking.fault), "text/event-stream", asking, book)


def _thread(said: Draft, asking: Asking, language: str, request: str) -> Thread:
    draft = left(said, asking.fault)
    words = re.sub(r"\W+", "-", subject_of(asking.prompt).lower())[:40]
    slug = f"{words}-{uuid4().hex[:22]}" if asking.ui == "prose" else ""
    country = asking.whence.country if asking.whence else None
    return Thread(asking.prompt, draft, language, request, _FRONT_ENDS[asking.ui].USAGES, slug, country)


def _body(thread: Thread, front_end: ModuleType, fault: str | None) -> bytes:
    """Everything after the first event."""
    if told := failure(fault):
        return thread.event(status="FAILED", **told) + END
    events = [*front_end.search(thread), *front_end.words(thread), front_end.ready(thread)]
    if fault != "pending_final":
        events += [front_end.completed(thread, **offer(fault)), END]
    return b"".join(events)
