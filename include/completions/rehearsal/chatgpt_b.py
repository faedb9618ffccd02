"""Front end B of ChatGPT on the wire: what `POST /unauth-mweb/conversation/updates` streams.

A frame is `<template data-web-mobile-dpu-frame="N">…</template>`, N the bytes within. It holds a control, or a template
that names its target and whether to replace or append; a block comes again and again, each time longer.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from urllib.parse import parse_qs
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from completions.rehearsal.book import Book
from completions.rehearsal.document import Display, Map, grown
from completions.rehearsal.draft import Draft
from completions.rehearsal.html_b import ad_html, block_html, shelves_html
from completions.rehearsal.ids import conversation_id
from completions.rehearsal.pace import streamed
from completions.rehearsal.walls import interruption

MEDIA_TYPE = "text/vnd.openai.web-mobile-partial+html"

_FAILURES = {
    "rate_limited": ("rate_limit", 429, "login"),
    "login_wall": ("login_required", 401, "login"),
    "blocked": ("unusual_activity", 403, ""),
    "refused": ("safety", 403, "safety"),
}
"""Faults that travel as a `failed` control: reason, status, gate."""


async def updates(request: Request) -> Response:
    """Answer a prompt: `application/x-www-form-urlencoded` in, frames out."""
    book: Book = request.app.state.book
    form = {key: values[0] for key, values in parse_qs((await request.body()).decode()).items()}
    asking = book.ask(form["prompt"], "b", form.get("timezone"), request.headers)
    if refusal := interruption(asking.fault, book.visit(request.cookies.get("oai-did"), (asking.ui,))):
        return refusal
    head = b"".join(_head(conversation := conversation_id()))
    if asking.fault in _FAILURES:
        return Response(head + _failed(asking.fault), media_type=MEDIA_TYPE)
    draft = book.draft(asking)
    body = b"".join(_body(draft, form["assistantMessageId"], conversation))
    return streamed(head, body, MEDIA_TYPE, asking, book)


async def prepare(request: Request) -> Response:
    """Accept what the page sends before a prompt; nothing depends on it."""
    return Response('{"conduit_token":"rehearsal"}', media_type="application/json")


ROUTES = [
    Route("/unauth-mweb/conversation/updates", updates, methods=["POST"]),
    Route("/unauth-mweb/conversation/prepare", prepare, methods=["POST"]),
    Route("/unauth-mweb/sentinel/chat-requirements/{step}", prepare, methods=["POST"]),
]


def _head(conversation: str) -> Iterator[bytes]:
    yield _control("started")
    yield _control("conversation-id", conversation_id=conversation, canonical_path=f"/uc/{conversation}")


def _body(draft: Draft, pending: str, conversation: str) -> Iterator[bytes]:
    def apply(target: str, mode: str, html: str) -> bytes:
        return _frame(
            f'<template for="assistant-{pending}-{target}" data-web-mobile-dpu-apply="{mode}">{html}</template>'
        )

    if draft.queries:
        yield apply("reasoning", "replace", "<span data-text-shimmer-text>Searching the web</span>")
        searched = f"<span data-text-shimmer-text>Searched {len(draft.pages)} websites</span>"
        yield apply("reasoning", "replace", searched)
    if draft.blocks:
        yield _control("assistant-content-started")
    for index, block in enumerate(draft.blocks):
        if isinstance(block, Display | Map):
            yield apply("committed-tail", "append", block_html(block, index, draft))
            continue
        for version in grown(block):
            html = f"<?marker block-{index}>{block_html(version, index, draft)}"
            yield apply(f"committed-block-{index}", "replace", html)
    if shelves := shelves_html(draft):
        yield apply("committed-tail", "append", shelves)
    for ad in draft.ads:
        yield apply("ads", "append", ad_html(ad))
    yield _control("terminal-received")
    yield _control("message-stream-complete")
    state = json.dumps({"backendConversationId": conversation, "userMessageCount": 1})
    yield _control("complete", message_id=str(uuid4()), conversation_id=conversation, conversation_state=state)


def _failed(fault: str) -> bytes:
    reason, status, gate = _FAILURES[fault]
    gated = {"gate_kind": gate} if gate else {}
    return _control("failed", failure_reason=reason, failure_status=str(status), failure_origin="backend", **gated)


def _control(kind: str, **data: str) -> bytes:
    attributes = "".join(f' data-{name.replace("_", "-")}="{escape(value)}"' for name, value in data.items())
    return _frame(f'<span hidden data-conversation-control="{kind}"{attributes}></span>')


def _frame(inner: str) -> bytes:
    content = inner.encode()
    return b'<template data-web-mobile-dpu-frame="%d">%b</template>\n' % (len(content), content)
