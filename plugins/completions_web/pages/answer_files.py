"""What was kept of a conversation: shown in a frame that can do nothing, and handed out as files.

A captured page is hostile. Its frame runs no script, is of no origin, and asks nobody for anything: the policy forbids
all but its own styles and `data:` pictures. What no policy covers (preconnect, DNS prefetch) is taken out beforehand.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse
from pydantic_core import to_json
from starlette.responses import Response

from completions.archive import structured
from completions.record import Record
from completions_web.answers import apart
from completions_web.auth import READ
from completions_web.pages.answer_captured import as_one_page, harmless
from completions_web.pages.answer_found import Index, Sample, settled
from completions_web.pages.shell import PREFIX

router = APIRouter(prefix=f"{PREFIX}/batches/{{id}}/answers/{{index}}/{{sample}}", include_in_schema=False)

FRAME = {
    "Content-Security-Policy": "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "X-DNS-Prefetch-Control": "off",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
"""Of a captured page that is shown."""
PARTS = {
    "copy": ("With its pictures", "page_copy"),
    "page": ("Whole page", "page_html"),
    "answer": ("Answer", "completion_html"),
    "prompt": ("Prompt", "prompt_html"),
    "sources": ("Sources", "sources_html"),
    "ads": ("Ads", "ads_html"),
}
"""What can be shown of the page as captured, by its name in the address: in words, and the artifact."""
FILES = {
    "page.html": ("text/html", "page_html"),
    "page.mhtml": ("multipart/related", "page_copy"),
    "answer.html": ("text/html", "completion_html"),
    "prompt.html": ("text/html", "prompt_html"),
    "sources.html": ("text/html", "sources_html"),
    "ads.html": ("text/html", "ads_html"),
    "stream.txt": ("text/plain", "raw_stream"),
    "screenshot.png": ("image/png", "screenshot"),
}
"""What can be kept, by the name of its file: its type, and the artifact."""


@router.get("/frames/{part}", dependencies=READ)
def frame(id: str, index: Index, sample: Sample, part: str) -> Response:
    """A part of the page as captured, for the frame of the answer's page."""
    _, record, _ = settled(id, index, sample)
    content = kept_of(record, PARTS, part)
    html = as_one_page(content) if isinstance(content, bytes) else content
    if html is None:
        raise _not_kept(part)
    return HTMLResponse(harmless(html), headers=FRAME)


@router.get("/files/{name}", dependencies=READ)
def file(id: str, index: Index, sample: Sample, name: str) -> Response:
    """A file of what was kept, to keep: no browser shows it as a page of this server."""
    _, record, plan = settled(id, index, sample)
    called = f"{id}-{index:04d}-{sample}-{name}"
    if name == "answer.json":
        return apart(to_json(structured(plan, plan.items[0], record), indent=2), "application/json", called)
    kept = kept_of(record, FILES, name)
    if kept is None:
        raise _not_kept(name)
    return apart(kept.encode() if isinstance(kept, str) else kept, FILES[name][0], called)


def kept_of(record: Record, known: Mapping[str, tuple[str, str]], name: str) -> str | bytes | None:
    """What was kept under a name of `PARTS` or `FILES`; None where nothing was, or nothing is called so."""
    content: str | bytes | None = getattr(record.artifacts, known[name][1]) if name in known else None
    return content


def _not_kept(what: str) -> HTTPException:
    return HTTPException(HTTPStatus.NOT_FOUND, f"{what[:60]!r} was not kept of this answer.")
