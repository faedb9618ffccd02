"""Gemini (gemini.google.com), as a visitor who is not signed in sees it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from langcodes import Language as Tag
from langcodes import closest_supported_match
from playwright.async_api import Page

from completions.sites.base import Deadlines, Wire
from completions.sites.chat import Chat
from completions.sites.gemini.hidden import unfold
from completions.sites.gemini.layout import HOME, LOOKS
from completions.sites.gemini.page import read_answer
from completions.sites.gemini.stream import read_stream

__all__ = ["Gemini"]

_TOLD_APART = ("en-GB", "es-419", "fr-CA", "pt-BR", "pt-PT", "zh-CN", "zh-HK", "zh-TW")
"""The regional forms of a language that Google's interfaces have."""


def spoken(locale: str) -> str:
    """What Google's `hl=` calls a locale, or the nearest that it has: `de-AT` is `de`, `es-MX` is `es-419`."""
    language = str(Tag.get(locale).language)
    return closest_supported_match(locale, [language, *_TOLD_APART]) or language


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

    def address(self, display: str | None) -> str:
        """`hl=` is the language of the interface, and goes along with every prompt."""
        if display is None:
            return self.url
        return f"{self.url}{'&' if urlsplit(self.url).query else '?'}hl={spoken(display)}"

    async def unfold(self, page: Page) -> dict[str, list[str]]:
        """Open the list of sources, and hover over every chip that cites."""
        return await unfold(page)
