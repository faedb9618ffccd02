"""Gemini (gemini.google.com), as a visitor who is not signed in sees it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from playwright.async_api import Page

from completions.sites.base import Deadlines, Wire
from completions.sites.chat import Chat
from completions.sites.gemini.hidden import unfold
from completions.sites.gemini.layout import HOME, LOOKS
from completions.sites.gemini.page import read_answer
from completions.sites.gemini.stream import read_stream

__all__ = ["Gemini"]


class Gemini(Chat):
    """The one front end there is: `ui_variant` is `gem`, see `layout`."""

    name = "gemini"
    home = HOME
    version = "1"
    looks = LOOKS
    shows: Mapping[str, str] = {
        "citations": "page and wire",
        "sources": "page and wire",
        "places": "page",
        "images": "page and wire",
        "model_version": "page and wire",
        "conversation_url": "page and wire",
    }
    wire: tuple[Wire, ...] = (
        Wire(re.compile(r"/assistant\.lamda\.BardFrontendService/StreamGenerate(?:\?|$)"), kind="frames"),
    )
    deadlines = Deadlines(still=4, unfold=40)
    read_answer = staticmethod(read_answer)
    read_stream = staticmethod(read_stream)

    async def unfold(self, page: Page) -> dict[str, list[str]]:
        """Open the list of sources, and hover over every chip that cites."""
        return await unfold(page)
