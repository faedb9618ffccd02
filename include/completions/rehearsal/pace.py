"""How an answer's bytes go out: in uneven pieces over time, or not quite as they should."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from itertools import pairwise
from random import Random
from typing import TypeVar

from starlette.responses import Response, StreamingResponse
from starlette.types import Send

from completions.rehearsal.book import Asking, Book

_FIRST_TOKEN = 0.25
"""Share of the latency that passes before the first piece of the answer."""
_PIECES_PER_SECOND = 12
_HALVED = frozenset({"cut_stream", "stalled_stream"})
"""Faults whose stream carries half of the answer."""

T = TypeVar("T")
S = TypeVar("S", bytes, list[str])


def streamed(head: bytes, body: bytes, media_type: str, asking: Asking, book: Book) -> Response:
    """The answer to `asking` as a paced stream; a page that is told to pop up a dialog does so on its first block."""
    kind = Dropped if asking.fault == "cut_stream" else StreamingResponse
    headers = {"cache-control": "no-store"} | ({"x-page-alert": "Session expired"} if asking.fault == "dialog" else {})
    return kind(paced(head, body, asking, book), media_type=media_type, headers=headers)


async def paced(head: bytes, body: bytes, asking: Asking, book: Book) -> AsyncIterator[bytes]:
    """`head` at once, then `body` over the rehearsal's latency, in pieces cut anywhere as a network does."""
    yield head
    async for piece in spread(_cut(halved(body, asking), book.settings.latency), asking, book):
        yield piece


def halved(pieces: S, asking: Asking) -> S:
    """What a cut or stalled stream carries of `pieces`, the first half; others carry all."""
    return pieces[: len(pieces) // 2] if asking.fault in _HALVED else pieces


async def spread(pieces: Sequence[T], asking: Asking, book: Book) -> AsyncIterator[T]:
    """`pieces` over the rehearsal's latency; the asking is complete when the last one was sent and the fault allows."""
    if asking.fault == "slow_first_token":
        await book.closing.wait()
    latency = book.settings.latency
    start = asyncio.get_running_loop().time() + latency * _FIRST_TOKEN
    for number, piece in enumerate(pieces):
        due = start + latency * (1 - _FIRST_TOKEN) * number / max(1, len(pieces) - 1)
        await asyncio.sleep(due - asyncio.get_running_loop().time())
        if book.closing.is_set():
            return
        yield piece
    if asking.fault == "stalled_stream":
        await book.closing.wait()
    if asking.fault not in _HALVED:
        book.complete(asking)


class Dropped(StreamingResponse):
    """A stream whose connection is dropped after the last piece: the end of the body is never sent."""

    async def stream_response(self, send: Send) -> None:
        """Send what there is, and leave."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async for piece in self.body_iterator:
            await send({"type": "http.response.body", "body": piece, "more_body": True})


def _cut(body: bytes, latency: float) -> list[bytes]:
    rng = Random(body)
    count = max(1, min(len(body) // 40, int(latency * _PIECES_PER_SECOND) + 4))
    bounds = [0, *sorted(rng.sample(range(1, len(body)), count - 1)), len(body)]
    return [body[start:end] for start, end in pairwise(bounds)]
