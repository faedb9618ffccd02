"""The socket of Copilot's chat: what the page must say before it may ask, and how an answer comes.

    ← connected → setOptions → reportLocalConsents → send ← received, startMessage, appendText, citation, …, done

Whoever asks before the two others gets `error`: `invalid-event`. A visitor without a temporary session is refused with
status 460.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Any
from urllib.parse import unquote

from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect

from completions.rehearsal.book import Asking, Book
from completions.rehearsal.copilot.answer import answer_of
from completions.rehearsal.copilot.events import TROUBLES, Numbered, afterwards, beginning, body, frames
from completions.rehearsal.copilot.home import FRONT_ENDS, TIMEZONE, VISITOR
from completions.rehearsal.copilot.ids import short_id
from completions.rehearsal.draft import subject_of
from completions.rehearsal.pace import halved, spread

LATE = 1.0
"""Seconds from the end of an answer to the questions that it suggests."""
_FIRST = {"setOptions", "reportLocalConsents"}


async def chat(socket: WebSocket) -> None:
    """Serve one socket until it is closed."""
    if not socket.query_params.get("temporarySessionKey"):
        await socket.send_denial_response(Response(status_code=460))
        return
    await socket.accept()
    with suppress(WebSocketDisconnect):
        await _converse(socket, Numbered())


async def _converse(socket: WebSocket, numbered: Numbered) -> None:
    await socket.send_text(numbered({"event": "connected"}))
    said: set[str] = set()
    while True:
        told: dict[str, Any] = json.loads(await socket.receive_text())
        said.add(told["event"])
        if told["event"] != "send":
            continue
        if not said >= _FIRST:
            await socket.send_text(numbered(TROUBLES["invalid_event"]))
        elif not await _answer(socket, told, numbered):
            return


async def _answer(socket: WebSocket, told: dict[str, Any], numbered: Numbered) -> bool:
    """Answer what was asked; False when the socket is of no more use."""
    book: Book = socket.app.state.book
    asking = _ask(book, socket, "".join(part["text"] for part in told["content"] if part["type"] == "text"))
    if asking.fault in TROUBLES:
        await socket.send_text(numbered(TROUBLES[asking.fault]))
        return True
    conversation, message, draft = told["conversationId"], short_id(), answer_of(book.draft(asking))
    for frame in frames(beginning(conversation, message), numbered):
        await socket.send_text(frame)
    written = frames(body(draft, message), numbered)
    async for frame in spread(halved(written, asking), asking, book):
        await socket.send_text(frame)
    if not asking.completed:
        await socket.close(1011)
        return False
    await _later(book)
    for frame in frames(afterwards(draft, conversation, message, f"About {subject_of(asking.prompt)}"), numbered):
        await socket.send_text(frame)
    return True


def _ask(book: Book, socket: WebSocket, prompt: str) -> Asking:
    visit = book.visit(socket.cookies.get(VISITOR), FRONT_ENDS)
    timezone = socket.cookies.get(TIMEZONE)
    return book.ask(prompt, visit.ui, unquote(timezone) if timezone else None, socket.headers, "copilot")


async def _later(book: Book) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(book.closing.wait(), LATE)
