"""Gemini on the wire: `StreamGenerate` answers a prompt, `batchexecute` what the page asks before there is one.

The text travels as markdown, whole so far in every frame. Where the facts name a place for a value, it is there; what
the page must draw and no known place holds (the cards of the chips, places) sits in the last dictionary of
`candidate[12]`, under keys of ours.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from completions.rehearsal.book import Book
from completions.rehearsal.draft import Draft
from completions.rehearsal.gemini.cited import found, written
from completions.rehearsal.gemini.frames import HEAD, MEDIA_TYPE, ending, frame, placed, refused, told
from completions.rehearsal.gemini.walls import COOKIE, interruption
from completions.rehearsal.pace import streamed
from completions.rehearsal.visitor import Whence, whence

SERVICE = "/_/BardChatUi/data"
_PLACE = ["SWML_DESCRIPTION_FROM_YOUR_INTERNET_ADDRESS", None, None, None]
MODELS = {"3.6 Flash": "fbb127bbb056c959", "3.5 Flash-Lite": "8c46e95b1a07cecc"}
"""Ids of the models by their labels; the second is made up, as those of others are."""
CODES = {"rate_limited": 1037, "unavailable_here": 1060, "blocked": 1096, "code_1013": 1013}
"""Faults that travel as an error code and nothing else."""
_BEGINNINGS = 9
"""Frames with a part of the text, about."""

Ids = tuple[str, str, str]
"""Of the conversation, the reply and the candidate."""


async def generate(request: Request) -> Response:
    """Answer a prompt: a form with JSON in JSON in, frames out."""
    book: Book = request.app.state.book
    form = parse_qs((await request.body()).decode())
    inner: list[Any] = json.loads(json.loads(form["f.req"][0])[1])
    asking = book.ask(inner[0][0], "gem", None, request.headers, "gemini")
    if refusal := interruption(asking.fault, book.visit(request.cookies.get(COOKIE), (asking.ui,))):
        return refusal
    if asking.fault in CODES:
        return Response(HEAD + frame(refused(CODES[asking.fault])) + ending(20, 216), media_type=MEDIA_TYPE)
    draft = book.draft(asking)
    body = b"".join(_body(draft, inner[1][0], asking.whence, strays=asking.fault == "code_1096_after"))
    return streamed(HEAD, body, MEDIA_TYPE, asking, book)


async def batch(request: Request) -> Response:
    """What the page asks apart: `K4WWud`, where its visitor seems to be; the rest has nothing to say."""
    rpc = request.query_params.get("rpcids", "")
    said = (_place(whence(request.headers)) if rpc == "K4WWud" else None) or []
    return Response(HEAD + frame(told(said, rpc)) + ending(9, 120), media_type=MEDIA_TYPE)


ROUTES = [
    Route(f"{SERVICE}/assistant.lamda.BardFrontendService/StreamGenerate", generate, methods=["POST"]),
    Route(f"{SERVICE}/batchexecute", batch, methods=["POST"]),
]


def _body(draft: Draft, language: str, seen: Whence | None, *, strays: bool) -> Iterator[bytes]:
    _, reply, candidate = ids = _ids()
    text = written(draft)
    yield _part(ids, {2: {"18": reply, "21": ["AUEngZrehearsal"], "44": True}})
    yield _part(ids, {4: [placed({0: candidate, 1: [""], 8: [1], 37: [[_thoughts(draft)]]})]})
    for beginning in _beginnings(text):
        yield _part(ids, {4: [placed({0: candidate, 1: [beginning], 8: [1]})]})
    yield _part(ids, {2: {"11": ["Rehearsed answer"]}})
    whole = {0: candidate, 1: [text], 8: [2], 9: language, 12: found(draft), 37: [[_thoughts(draft)]]}
    yield _part(ids, {4: [placed(whole)]} | _circumstances(draft, language, seen))
    if strays:
        yield frame(refused(1096))
    yield ending(192, len(text))


def _circumstances(draft: Draft, language: str, seen: Whence | None) -> dict[int, Any]:
    """Where the site took its visitor to be, the token of a turn that was kept, and the model."""
    model = {39: MODELS.get(draft.model, "0f1e2d3c4b5a6978"), 42: draft.model}
    return {5: _place(seen), 8: seen.country if seen else None, 19: language, 25: "AwAAAAAAAAAQ"} | model


def _place(seen: Whence | None) -> list[Any] | None:
    """The exit's; a visitor who comes through none is on this machine, of which no place is known."""
    return [seen.words, *_PLACE] if seen else None


def _part(ids: Ids, values: dict[int, Any]) -> bytes:
    return frame(told(placed({1: list(ids[:2])} | values)))


def _beginnings(text: str) -> Iterator[str]:
    """Ever longer beginnings of `text`, cut where a word ends."""
    for number in range(1, _BEGINNINGS):
        end = text.find(" ", len(text) * number // _BEGINNINGS)
        if end > 0:
            yield text[:end]


def _thoughts(draft: Draft) -> str:
    looked = f"I've read {len(draft.pages)} pages and weigh them now." if draft.pages else "No search is needed here."
    return f"**Weighing the Makers**\n\n{looked}\n\n\n"


def _ids() -> Ids:
    conversation, reply, candidate = (uuid4().hex[:16] for _ in range(3))
    return f"c_{conversation}", f"r_{reply}", f"rc_{candidate}"
