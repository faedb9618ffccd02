"""The events that Copilot's socket sends: one JSON object a frame, named by `event`, numbered by `id`.

Names and keys as captured live (sums001/Windows-Copilot-API, June 2026; g4f, August 2026). The text is markdown in
bits; a `citation` comes where its words end, and is no part of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import count
from urllib.parse import quote, urlsplit

from completions.rehearsal.copilot.answer import LINK
from completions.rehearsal.document import Entity, Map, Pill
from completions.rehearsal.draft import Draft, WebPage
from completions.rehearsal.wording import markdown_of

Event = dict[str, object]

TROUBLES: dict[str, Event] = {
    "challenge_after": {"event": "challenge", "method": "cloudflare", "parameter": None},
    "banned": {"event": "banned"},
    "region_error": {"event": "error", "errorCode": "chat-service-unavailable"},
    "invalid_event": {"event": "error", "errorCode": "invalid-event"},
    "message_error": {"event": "chatMessageError"},
}
"""Faults that are an event in place of an answer."""

_CITED = re.compile("\ue000(\\d+)\ue001")
_BIT = re.compile(r"(?s).{1,18}")
"""Letters that come at once; a bit ends anywhere, as a model writes."""


class Numbered:
    """Frames of one socket, numbered as they are made."""

    def __init__(self) -> None:
        self._numbers = count()

    def __call__(self, event: Event) -> str:
        """The frame of `event`."""
        return json.dumps(event | {"id": f"0.{next(self._numbers):04}"}, ensure_ascii=False)


def beginning(conversation: str, message: str) -> list[Event]:
    """What comes at once: the prompt has arrived, an answer begins."""
    told = {"conversationId": conversation, "createdAt": datetime.now(UTC).isoformat()}
    return [{"event": "received", **told, "messageId": f"{message}-asked"}, _of(message, "startMessage", **told)]


def body(draft: Draft, message: str) -> Iterator[Event]:
    """The answer, up to `done`."""
    part = {"partId": f"{message}-1"}
    if draft.queries:
        yield _of(message, "chainOfThought", **part, text="Looking for what others say about this.")
    if draft.places:  # a card whose fields nobody has written down is not shown
        yield _of(message, "generatingCard", partId=f"{message}-2")
        yield _of(message, "cardGenerationFailed", partId=f"{message}-2")
    yield from (_of(message, name, **part, **told) for name, told in _words(draft))
    yield _of(message, "partCompleted", **part)
    for number, picture in enumerate(draft.images, 3):
        drawn = {"partId": f"{message}-{number}", "prompt": picture.title}
        yield _of(message, "generatingImage", **drawn)
        yield _of(message, "imageGenerated", **drawn, url=picture.url, thumbnailUrl=f"{picture.url}?w=240")
    yield _of(message, "done")


def afterwards(draft: Draft, conversation: str, message: str, title: str) -> list[Event]:
    """What comes a while after the end."""
    return [
        {"event": "titleUpdate", "conversationId": conversation, "title": title},
        _of(message, "suggestedFollowups", suggestions=list(draft.follow_ups)),
    ]


def _words(draft: Draft) -> Iterator[tuple[str, dict[str, str]]]:
    """The text bit by bit, each citation where it stands."""
    texts = _CITED.split(markdown_of(draft.blocks, _mark))
    for number, text in enumerate(texts):
        if number % 2:
            yield "citation", _citation(draft.pages[int(text)])
        else:
            yield from (("appendText", {"text": bit}) for bit in _BIT.findall(text))


def _mark(mark: Pill | Entity | Map) -> str:
    match mark:
        case Pill(pages=pages):
            return "".join(f"\ue000{page}\ue001" for page in pages)
        case Entity(name=name, category=category, query=query):
            return f"[{name}]({query})" if category == LINK else f"[{name}](ca://s?q={quote(query.replace(' ', '_'))})"
        case Map():
            return ""


def _citation(page: WebPage) -> dict[str, str]:
    icon = f"https://{urlsplit(page.url).netloc}/favicon.ico"
    return {"title": page.title, "url": page.url, "iconUrl": icon}


def _of(message: str, name: str, **told: object) -> Event:
    return {"event": name, "messageId": message, **told}


def frames(events: Iterable[Event], numbered: Numbered) -> list[str]:
    """The frames of `events`."""
    return [numbered(event) for event in events]
