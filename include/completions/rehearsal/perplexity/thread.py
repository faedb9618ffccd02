"""The events of `POST /rest/sse/perplexity_ask`: what all of them say, and how they travel.

Server-sent events with CRLF, each `event: message` and one line of JSON; keys as seen 2026-05 and 2026-09.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import uuid4

from completions.rehearsal.document import Entity, Map, Pill
from completions.rehearsal.draft import Draft
from completions.rehearsal.wording import markdown_of, unmarked

Json = dict[str, Any]
Block = dict[str, Any]
Status = Literal["PENDING", "COMPLETED", "FAILED"]

END = b"event: end_of_stream\r\ndata: {}\r\n\r\n"
_EXTRAS: Json = {
    "next": None,
    "subdomain": None,
    "pro_search_mode": None,
    "subscription_tier": "none",
    "payment_tier": "none",
    "core_elapsed": 3.21,
}
_PIECES = re.compile(r".{1,29}", re.DOTALL)


def _id() -> str:
    return str(uuid4())


@dataclass(frozen=True)
class Thread:
    """One prompt and its answer."""

    prompt: str
    draft: Draft
    language: str
    request: str
    """The `x-request-id` of the page, which the events repeat."""
    usages: tuple[str, ...]
    """Which of the answer's blocks are of a kind of their own."""
    slug: str = ""
    """What the thread's address ends in; its id where there are no words."""
    country: str | None = None
    """The exit's; a visitor who comes through none is on this machine, of which no place is known."""
    entry: str = field(default_factory=_id)
    context: str = field(default_factory=_id)
    token: str = field(default_factory=_id)
    cursor: str = field(default_factory=_id)

    def event(self, *blocks: Block, status: Status = "PENDING", **more: Any) -> bytes:
        """An event with `blocks`, of which those that are empty are left out, and whatever it tells beside them."""
        told = self._identity() | {
            "status": status,
            "text_completed": False,
            "blocks": [block for block in blocks if block],
            "message_mode": "FULL" if status == "COMPLETED" else "STREAMING",
            "answer_modes": modes(self.draft),
            "structured_answer_block_usages": list(self.usages),
            "reconnectable": status == "PENDING",
            "cursor": self.cursor,
            "classifier_results": {},
            "search_implementation_mode": "multi_step",
            "query_language": self.language.partition("-")[0],
            "search_mode": "SEARCH",
            "final_sse_message": status == "COMPLETED",
        }
        return f"event: message\r\ndata: {json.dumps(told | more, ensure_ascii=False)}\r\n\r\n".encode()

    def completed(self, *blocks: Block, **more: Any) -> bytes:
        """The last event, which brings every block whole."""
        items = [{"text": query, "type": "DEFAULT", "uuid": _id()} for query in self.draft.follow_ups]
        told = {
            "text_completed": True,
            "final": True,
            "thread_title": self.prompt[:60],
            "related_queries": list(self.draft.follow_ups),
            "related_query_items": items,
            "classifier_results": {"mhe_predictions": {"shopping_intent": False, "places_search_intent": False}},
            "_extras": _EXTRAS | {"country": self.country},
        }
        return self.event(*blocks, status="COMPLETED", **(told | more))

    def _identity(self) -> Json:
        return {
            "backend_uuid": self.entry,
            "context_uuid": self.context,
            "uuid": self.cursor,
            "frontend_context_uuid": self.context,
            "frontend_uuid": self.request,
            "display_model": self.draft.model,
            "user_selected_model": self.draft.model,
            "mode": "COPILOT",
            "query_str": self.prompt,
            "search_focus": "SearchFocus.INTERNET",
            "source": "default",
            "attachments": [],
            "gpt4": False,
            "read_write_token": self.token,
            "thread_url_slug": self.slug or self.entry,
        }


def whole(usage: str, kind: str, value: Json) -> Block:
    """A block that replaces the one before it."""
    return {"intended_usage": usage, kind: value}


def changed(usage: str, kind: str, *patches: Json) -> Block:
    """A block as JSON Patch (RFC 6902) of the one before it."""
    return {"intended_usage": usage, "diff_block": {"field": kind, "patches": list(patches)}}


def patch(op: str, path: str, value: object) -> Json:
    """One operation of a patch."""
    return {"op": op, "path": path, "value": value}


def modes(draft: Draft) -> list[Json]:
    """The tabs of the answer."""
    sources = [{"answer_mode_type": "SOURCES"}] if draft.pages else []
    return [{"answer_mode_type": "ANSWER"}, *sources, {"answer_mode_type": "IMAGE", "has_preview": bool(draft.images)}]


def tabs(draft: Draft) -> Block:
    """The block that names the tabs."""
    return whole("answer_tabs", "answer_tabs_block", {"modes": modes(draft), "reformulated_queries": []})


def text_of(draft: Draft) -> str:
    """The answer as the wire writes it: markdown in which `[1][2]` are citations."""
    return markdown_of(draft.blocks, _mark)


def pieces_of(text: str) -> Sequence[str]:
    """`text` in the pieces that it comes in, cut anywhere."""
    return _PIECES.findall(text)


def _mark(mark: Pill | Entity | Map) -> str:
    return "".join(f"[{page + 1}]" for page in mark.pages) if isinstance(mark, Pill) else unmarked(mark)
