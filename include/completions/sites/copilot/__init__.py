"""Copilot (copilot.microsoft.com), as a visitor who is not signed in sees it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from playwright.async_api import Page

from completions.sites.base import Deadlines, Progress, Wire
from completions.sites.chat import Chat
from completions.sites.copilot.hidden import look_into, unfold
from completions.sites.copilot.layout import HOME, LOOKS
from completions.sites.copilot.page import read_answer
from completions.sites.copilot.stream import read_stream

__all__ = ["Copilot"]

_LAST = rb"(?:done|error|chatMessageError|banned|challenge)"


class Copilot(Chat):
    """Copilot's page; `ui_variant` is `chat`, or `nested` where it draws its answers in frames, see `layout`."""

    name = "copilot"
    home = HOME
    version = "2"
    looks = LOOKS
    shows: Mapping[str, str] = {
        "citations": "page and wire",
        "sources": "page and wire",
        "follow_up_questions": "page and wire",
        "images": "page and wire",
        "conversation_url": "page and wire",
    }
    wire: tuple[Wire, ...] = (
        Wire(
            re.compile(r"^wss?://[^/]+/c/api/chat(?:\?|$)"),
            method="WEBSOCKET",
            kind="websocket",
            # several events in one frame are kept as one JSON string: its quotes are escaped once, an answer's twice
            ends=re.compile(
                rb'(?<!\\)"event"\s*:\s*"' + _LAST + rb'"|\A".*(?<!\\)\\"event\\"\s*:\s*\\"' + _LAST + rb'\\"'
            ),
        ),
    )
    deadlines = Deadlines(still=2.5)
    """Follow-up questions come a second or two after the answer."""
    read_answer = staticmethod(read_answer)
    read_stream = staticmethod(read_stream)

    async def look(self, page: Page) -> Progress:
        """See `Site.look`; into the frames of an answer too."""
        return await look_into(page, await super().look(page))

    async def unfold(self, page: Page) -> dict[str, list[str]]:
        """Take what the frames of an answer show, and open the list of its citations."""
        return await unfold(page)
