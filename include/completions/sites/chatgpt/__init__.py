"""ChatGPT (chatgpt.com), as a visitor who is not logged in sees it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from playwright.async_api import Page

from completions.sites.base import Wire
from completions.sites.chat import Chat
from completions.sites.chatgpt.hidden import unfold
from completions.sites.chatgpt.layout import HOME, LOOKS
from completions.sites.chatgpt.page import read_answer
from completions.sites.chatgpt.stream import read_stream

__all__ = ["ChatGPT"]


class ChatGPT(Chat):
    """Both of ChatGPT's front ends: `ui_variant` is `server` or `react`, see `layout`."""

    name = "chatgpt"
    home = HOME
    version = "2"
    looks = LOOKS
    trace: str | None = "/cdn-cgi/trace"
    shows: Mapping[str, str] = {
        "citations": "page and wire",
        "sources": "page and wire",
        "fan_out_queries": "wire of react",
        "follow_up_questions": "wire of react",
        "products": "wire of react",
        "places": "page of server, wire of react",
        "images": "page and wire",
        "ads": "page",
        "entities": "page of server, wire",
        "model_version": "page and wire of react",
        "web_search_triggered": "page of server, wire of react",
        "conversation_url": "page and wire",
    }
    wire: tuple[Wire, ...] = (
        Wire(re.compile(r"/unauth-mweb/conversation(?:/updates)?(?:\?|$)")),
        Wire(re.compile(r"/backend-(?:api|anon)/(?:f/)?conversation(?:/resume)?(?:\?|$)")),
        Wire(
            re.compile(r"^wss?://[^/]+/p\d+/ws/user/"),
            method="WEBSOCKET",
            ends=re.compile(rb'"type"\s*:\s*"(?:done|conversation-turn-complete)"|message_stream_complete'),
            handed_by=re.compile(rb"stream_handoff"),
        ),
    )
    read_answer = staticmethod(read_answer)
    read_stream = staticmethod(read_stream)

    async def unfold(self, page: Page) -> dict[str, list[str]]:
        """Open what hovering and the "Sources" button show."""
        return await unfold(page)
