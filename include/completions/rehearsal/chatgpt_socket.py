"""Front end A of ChatGPT where the answer is handed over: the POST ends early, the rest comes by the visitor's socket.

Frames are JSON: `{"type": "message", "topic_id": …, "payload": {"type": "conversation-turn-stream", "payload": {…}}}`,
with an event of the stream as text in `encoded_item`. Seen 2026-07; catch-ups repeat items, so each has an id.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from completions.rehearsal.book import Asking, Book
from completions.rehearsal.pace import halved, spread

Json = dict[str, Any]


@dataclass(frozen=True)
class Topic:
    """An answer that waits for whoever subscribes to it."""

    asking: Asking
    events: list[str]


async def connect(socket: WebSocket) -> None:
    """Serve a visitor's socket, idle until it subscribes to an answer."""
    await socket.accept()
    book: Book = socket.app.state.book
    with suppress(WebSocketDisconnect, asyncio.CancelledError):
        while True:
            for order in await socket.receive_json():
                topic = order["command"]["topic_id"]
                await _stream(socket, topic, book.topics.pop(topic), book)


ROUTES = [WebSocketRoute("/p24/ws/user/{user}", connect)]


async def _stream(socket: WebSocket, name: str, topic: Topic, book: Book) -> None:
    events = list(enumerate(halved(topic.events, topic.asking)))
    async for number, event in spread([*events[:1], *events], topic.asking, book):
        await socket.send_json(_frame(name, type="stream-item", encoded_item=event, stream_item_id=f"item-{number}"))
    if topic.asking.completed:
        await socket.send_json(_frame(name, type="done"))
        complete = {"type": "conversation-turn-complete", "payload": {"type": "conversation-turn-complete"}}
        await socket.send_json({"type": "message", "topic_id": name, "payload": complete})


def _frame(topic: str, **item: str) -> Json:
    return {"type": "message", "topic_id": topic, "payload": {"type": "conversation-turn-stream", "payload": item}}
