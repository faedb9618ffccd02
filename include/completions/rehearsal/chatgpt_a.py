"""Front end A of ChatGPT on the wire: the server-sent events of `POST /backend-anon/f/conversation`, delta encoding v1.

A delta is `{"p": path, "o": operation, "c": channel, "v": value}`; what it leaves out carries forward from the one
before, but for the value.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from completions.rehearsal.book import Book
from completions.rehearsal.chatgpt_socket import Topic
from completions.rehearsal.draft import Draft
from completions.rehearsal.ids import conversation_id
from completions.rehearsal.pace import streamed
from completions.rehearsal.references import Written, footnote, searched, written_parts
from completions.rehearsal.walls import interruption

_EVENTS = "text/event-stream"
_REFUSALS = {
    "rate_limited": (429, {"code": "rate_limit_exceeded", "message": "You've reached our limit of messages."}),
    "login_wall": (401, {"code": "login_required", "message": "Log in to continue"}),
    "blocked": (403, "Unusual activity has been detected from your device. Try again later."),
}
"""Faults that the POST answers with a status and a detail."""

Event = dict[str, Any]


async def converse(request: Request) -> Response:
    """Answer a prompt: JSON in, server-sent events out."""
    book: Book = request.app.state.book
    asked: dict[str, Any] = await request.json()
    message = asked["messages"][0]
    asking = book.ask(message["content"]["parts"][0], "a", asked.get("timezone"), request.headers)
    if refusal := interruption(asking.fault, book.visit(request.cookies.get("oai-did"), (asking.ui,))):
        return refusal
    if asking.fault in _REFUSALS:
        status, detail = _REFUSALS[asking.fault]
        return JSONResponse({"detail": detail}, status)
    draft = book.draft(asking)
    conversation = conversation_id()
    head = b"".join(_head(message, asked.get("system_hints", []), conversation))
    events = list(_body(draft, conversation, moderated=asking.fault == "refused"))
    if asking.fault == "handed_over":
        topic = f"conversation-turn-{uuid4()}"
        book.topics[topic] = Topic(asking, [event.decode() for event in events])
        options = [{"type": "subscribe_ws_topic", "topic_id": topic}]
        return Response(
            head + _data(conversation, type="stream_handoff", options=options), media_type="text/event-stream"
        )
    body = b"".join(events)
    return streamed(head, body, _EVENTS, asking, book)


async def prepare(request: Request) -> Response:
    """Accept what the page sends before a prompt; nothing depends on it."""
    return JSONResponse({"conduit_token": "rehearsal", "token": "rehearsal"})


ROUTES = [
    Route("/backend-anon/f/conversation", converse, methods=["POST"]),
    Route("/backend-anon/f/conversation/prepare", prepare, methods=["POST"]),
    Route("/backend-anon/sentinel/chat-requirements", prepare, methods=["POST"]),
]


def _head(message: Event, hints: list[str], conversation: str) -> Iterator[bytes]:
    text = message["content"]["parts"][0]
    echo = _message(message["id"], "user", text, "finished_successfully", {"system_hints": hints})
    yield b'event: delta_encoding\ndata: "v1"\n\n'
    yield _data(conversation, type="resume_conversation_token", kind="topic", token=str(uuid4()))
    yield _delta({"p": "", "o": "add", "c": 0, "v": {"message": echo, "conversation_id": conversation, "error": None}})
    yield _data(conversation, type="input_message", input_message={"id": message["id"]})


def _body(draft: Draft, conversation: str, moderated: bool) -> Iterator[bytes]:
    message_id = str(uuid4())
    if draft.queries:
        tool = _message(str(uuid4()), "tool", "", "finished_successfully", searched(draft), name="web.run")
        yield _delta({"c": 1, "v": {"message": tool, "conversation_id": conversation, "error": None}})
    used = {"tool_invoked": bool(draft.queries), "tool_name": "SonicWebTool" if draft.queries else None}
    yield _data(
        conversation, type="server_ste_metadata", metadata=used | {"model_slug": draft.model, "plan_type": "free"}
    )
    slugs = {"model_slug": draft.model, "default_model_slug": "auto", "content_references": [], "citations": []}
    answer = _message(message_id, "assistant", "", "in_progress", slugs)
    yield _delta(
        {"p": "", "o": "add", "c": 2, "v": {"message": answer, "conversation_id": conversation, "error": None}}
    )
    marker = {"message_id": message_id, "marker": "user_visible_token", "event": "first"}
    yield _data(conversation, type="message_marker", **marker)
    yield from _words(draft)
    yield _delta({"p": "", "o": "patch", "v": _ending(draft)})
    if moderated:
        verdict = {"flagged": True, "blocked": True, "moderation_id": str(uuid4())}
        yield _data(conversation, type="moderation", message_id=message_id, moderation_response=verdict)
    for ad in draft.ads:
        shown = {"advertiser": ad.advertiser, "title": ad.title, "url": ad.url}
        yield _data(conversation, type="ads", adsRequestId=str(uuid4()), adDataToken="rehearsal", ads=[shown])
    yield _data(conversation, type="title_generation", title="Rehearsed answer")
    yield _data(conversation, type="message_stream_complete")
    yield b"data: [DONE]\n\n"


def _words(draft: Draft) -> Iterator[bytes]:
    """The answer bit by bit; a bit that completes a mark brings its reference along, in a patch."""
    stated = False
    for written in written_parts(draft):
        operation = {"p": "/message/content/parts/0", "o": "append"}
        if written.reference:
            yield _delta({"p": "", "o": "patch", "v": _patch(written)})
        else:
            yield _delta(({} if stated else operation) | {"v": written.text})
        stated = not written.reference


def _patch(written: Written) -> list[Event]:
    return [
        {"p": "/message/content/parts/0", "o": "append", "v": written.text},
        {"p": "/message/metadata/content_references", "o": "append", "v": [written.reference]},
    ]


def _ending(draft: Draft) -> list[Event]:
    finish = {"is_complete": True, "finish_details": {"type": "stop", "stop_tokens": [200002]}}
    return [
        {"p": "/message/metadata/content_references", "o": "append", "v": footnote(draft)},
        {"p": "/message/status", "o": "replace", "v": "finished_successfully"},
        {"p": "/message/end_turn", "o": "replace", "v": True},
        {"p": "/message/metadata", "o": "append", "v": finish},
    ]


def _message(key: str, role: str, text: str, status: str, metadata: Event, name: str | None = None) -> Event:
    return {
        "id": key,
        "author": {"role": role, "name": name, "metadata": {}},
        "content": {"content_type": "text", "parts": [text]},
        "status": status,
        "end_turn": None,
        "metadata": metadata,
    }


def _delta(delta: Event) -> bytes:
    return f"event: delta\ndata: {json.dumps(delta, ensure_ascii=False)}\n\n".encode()


def _data(conversation: str, **data: object) -> bytes:
    return f"data: {json.dumps(data | {'conversation_id': conversation}, ensure_ascii=False)}\n\n".encode()
